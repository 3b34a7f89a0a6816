"""One look at a host: what runs on it, what it is, and what it can do."""

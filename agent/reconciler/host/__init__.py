"""The loop of one host, and what it keeps of that host between its passes."""

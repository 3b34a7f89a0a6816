"""One file a verb, imported when it runs."""

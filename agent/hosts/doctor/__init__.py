"""The doctor: each check of a host a line, ok or a problem and its cure."""

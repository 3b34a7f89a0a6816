"""Workload kinds: what each wants of its pods now. One file a kind; kinds do not know each other."""

"""A pod in the runtime's terms: what containerd, and the host's files, are to be told of it."""

"""Real hosts: plain containerd, reached over SSH. ``agent.hosts.connect`` is where one begins."""

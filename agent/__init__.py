"""trimtab: holds plain containerd hosts to the Kubernetes manifests of a git repository, over SSH."""

__version__ = "0.1.0"

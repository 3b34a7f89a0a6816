"""What Kubernetes promises, one subject a file: told of what happens, each raises ``Broken`` where it does not hold."""

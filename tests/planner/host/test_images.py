"""Image references: each means what containerd has it stored under."""

import pytest

from agent.planner.host.images import canonical

DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("nginx", "docker.io/library/nginx:latest"),
        ("nginx:1.27", "docker.io/library/nginx:1.27"),
        ("bitnami/nginx", "docker.io/bitnami/nginx:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest"),
        ("docker.io/bitnami/nginx:1", "docker.io/bitnami/nginx:1"),
        ("index.docker.io/nginx:1", "docker.io/library/nginx:1"),
        ("index.docker.io/bitnami/nginx", "docker.io/bitnami/nginx:latest"),
        ("localhost/nginx", "localhost/nginx:latest"),
        ("localhost:5000/nginx", "localhost:5000/nginx:latest"),
        ("registry.example/nginx", "registry.example/nginx:latest"),
        ("registry.example:5000/a/b:1", "registry.example:5000/a/b:1"),
        (f"nginx:1.27@{DIGEST}", f"docker.io/library/nginx@{DIGEST}"),
        (f"registry.example:5000/a@{DIGEST}", f"registry.example:5000/a@{DIGEST}"),
        (DIGEST, DIGEST),
    ],
)
def test_a_reference_is_completed_as_containerd_does(written: str, stored: str) -> None:
    assert canonical(written) == stored
    assert canonical(stored) == stored

"""What a pod asks for, by Kubernetes' rules for init containers, sidecars, whole pods and overhead."""

from typing import Any

import pytest

from agent.model.objects.pod import Container, PodSpec, ResourceRequirements
from agent.model.podrequests import pod_requests


def asks(name: str, cpu: str, *, sidecar: bool = False, **more: str) -> Container:
    requests = {"cpu": cpu, **{key.replace("_", "-"): value for key, value in more.items()}}
    resources = ResourceRequirements(requests=requests)
    return Container(name=name, image="app:1", resources=resources, restart_policy="Always" if sidecar else None)


@pytest.mark.parametrize(
    ("inits", "cpu"),
    [
        ((), 300),
        ((asks("a", "200m"), asks("b", "250m")), 300),
        ((asks("a", "200m"), asks("b", "800m")), 800),
        ((asks("side", "100m", sidecar=True),), 400),
        ((asks("a", "350m"), asks("side", "100m", sidecar=True)), 400),
        ((asks("side", "100m", sidecar=True), asks("a", "350m")), 450),
        ((asks("one", "100m", sidecar=True), asks("two", "150m", sidecar=True), asks("a", "1")), 1250),
    ],
)
def test_init_containers_count_as_they_run(inits: tuple[Container, ...], cpu: int) -> None:
    spec = PodSpec(containers=(asks("x", "100m"), asks("y", "200m")), init_containers=inits)
    assert pod_requests(spec)["cpu"] == cpu


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"resources": ResourceRequirements(requests={"cpu": "2"})}, {"cpu": 2000, "memory": 1 << 20}),
        ({"resources": ResourceRequirements(limits={"cpu": "2"})}, {"cpu": 100, "memory": 1 << 20}),
        ({"overhead": {"cpu": "50m", "memory": "1Mi"}}, {"cpu": 150, "memory": 2 << 20}),
        (
            {"resources": ResourceRequirements(requests={"cpu": "1"}), "overhead": {"cpu": "50m"}},
            {"cpu": 1050, "memory": 1 << 20},
        ),
    ],
)
def test_the_whole_pod_speaks_for_its_parts_and_overhead_comes_on_top(
    fields: dict[str, Any], expected: dict[str, int]
) -> None:
    assert pod_requests(PodSpec(containers=(asks("x", "100m", memory="1Mi"),), **fields)) == expected

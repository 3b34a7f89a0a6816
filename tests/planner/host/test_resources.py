"""Limits as a kubelet computes them: of containers, of the pod's cgroup, and for the kernel's OOM killer."""

from typing import Any

import pytest
from msgspec.structs import replace

from agent.model.cgroup import PodCgroup
from agent.model.cri import HugepageLimit
from agent.model.objects.pod import Container, PodSpec, ResourceRequirements
from agent.model.podresources import limited, requested
from agent.model.qos import qos_class
from agent.planner.host import RenderedPod, machine, render_pod
from tests.planner.host.build import FACTS, KEY, container, pod

Amounts = dict[str, str]
MI = 1 << 20


def one(
    name: str = "web",
    limits: Amounts | None = None,
    requests: Amounts | None = None,
    **fields: Any,  # noqa: ANN401 - any field
) -> Container:
    return container(name, resources=ResourceRequirements(limits=limits or {}, requests=requests or {}), **fields)


def made(*containers: Container, **spec: object) -> RenderedPod:
    return render_pod(pod("web", *containers, **spec), machine("edge-1", "prod", KEY, FACTS))  # type: ignore[arg-type]  # a test's shorthand


SURE = {"cpu": "1", "memory": "64Mi"}


@pytest.mark.parametrize(
    ("spec", "quality"),
    [
        (PodSpec(containers=(one(),)), "BestEffort"),
        (PodSpec(containers=(one(limits={"ephemeral-storage": "1Gi"}),)), "BestEffort"),
        (PodSpec(containers=(one(limits=SURE),)), "Guaranteed"),
        (PodSpec(containers=(one(limits=SURE, requests=SURE), one("b", limits=SURE))), "Guaranteed"),
        (PodSpec(containers=(one(limits=SURE), one("b"))), "Burstable"),
        (PodSpec(containers=(one(limits=SURE),), init_containers=(one("i"),)), "Burstable"),
        (PodSpec(containers=(one(limits={"cpu": "1"}),)), "Burstable"),
        (PodSpec(containers=(one(limits=SURE, requests={"cpu": "500m"}),)), "Burstable"),
        (PodSpec(containers=(one(),), resources=ResourceRequirements(limits=SURE)), "Guaranteed"),
        (PodSpec(containers=(one(limits=SURE),), resources=ResourceRequirements(requests=SURE)), "Burstable"),
    ],
)
def test_quality_of_service(spec: PodSpec, quality: str) -> None:
    assert qos_class(spec) == quality


@pytest.mark.parametrize(
    ("found", "parent"),
    [
        (made(one()), "/trimtab/besteffort/pod{}"),
        (made(one(requests={"cpu": "1"})), "/trimtab/burstable/pod{}"),
        (made(one(limits=SURE)), "/trimtab/pod{}"),
    ],
)
def test_pods_of_a_class_are_below_one_another(found: RenderedPod, parent: str) -> None:
    assert found.sandbox.cgroup_parent == parent.format(found.uid)
    assert found.cgroup is None or found.cgroup.parent == found.sandbox.cgroup_parent


def test_slices_for_systemd() -> None:
    on = machine("edge-1", "prod", KEY, replace(FACTS, cgroup_driver="systemd"))
    found = render_pod(pod("web", one(requests={"cpu": "1"})), on)
    assert found.sandbox.cgroup_parent == f"trimtab-burstable-pod{found.uid.replace('-', '_')}.slice"


def test_the_pods_cgroup_holds_what_its_containers_may_use_together() -> None:
    found = made(
        one("a", {"cpu": "500m", "memory": "64Mi"}, {"cpu": "250m", "memory": "32Mi"}),
        one("b", {"cpu": "500m", "memory": "64Mi"}),
        overhead={"cpu": "100m", "memory": "16Mi"},
    )
    assert found.cgroup == PodCgroup(
        parent=found.sandbox.cgroup_parent,
        cpu_shares=870,
        cpu_quota=110_000,
        cpu_period=100_000,
        memory_limit_in_bytes=144 * MI,
    )


def test_one_container_without_a_limit_leaves_the_pod_without() -> None:
    found = made(one("a", {"cpu": "1", "memory": "64Mi"}), one("b", {"cpu": "1"}))
    assert found.cgroup is not None
    assert (found.cgroup.cpu_quota, found.cgroup.memory_limit_in_bytes) == (200_000, 0)


def test_what_a_pod_says_for_itself_counts_for_all_of_it() -> None:
    whole = ResourceRequirements(limits={"cpu": "2", "memory": "256Mi"}, requests={"cpu": "1", "memory": "128Mi"})
    found = made(one("a", limits={"cpu": "500m"}), one("b"), resources=whole)
    assert found.cgroup is not None
    assert (found.cgroup.cpu_shares, found.cgroup.cpu_quota, found.cgroup.memory_limit_in_bytes) == (
        1024,
        200_000,
        256 * MI,
    )
    a, b = (each.config.resources for each in found.containers)
    assert (a.cpu_quota, a.memory_limit_in_bytes) == (50_000, 256 * MI)
    assert (b.cpu_quota, b.memory_limit_in_bytes) == (200_000, 256 * MI)


def test_init_containers_and_sidecars_add_up_as_they_run() -> None:
    spec = PodSpec(
        containers=(one("main", requests={"cpu": "1"}),),
        init_containers=(
            one("first", requests={"cpu": "3"}),
            one("proxy", requests={"cpu": "500m"}, restart_policy="Always"),
            one("second", requests={"cpu": "2700m", "memory": "1Mi"}),
        ),
    )
    assert requested(spec) == {"cpu": 3200, "memory": MI}
    assert limited(spec) == {}
    assert requested(replace(spec, init_containers=spec.init_containers[1:2])) == {"cpu": 1500}


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("hugepages-2Mi", HugepageLimit(page_size="2MB", limit=4 * MI)),
        ("hugepages-1Gi", HugepageLimit(page_size="1GB", limit=4 * MI)),
        ("hugepages-64Ki", HugepageLimit(page_size="64KB", limit=4 * MI)),
    ],
)
def test_huge_pages_by_the_kernels_names(written: str, limit: HugepageLimit) -> None:
    found = made(one(limits={written: "4Mi", "cpu": "1", "memory": "1Gi"}))
    assert found.containers[0].config.resources.hugepage_limits == (limit,)
    assert found.cgroup is not None
    assert found.cgroup.hugepage_limits == (limit,)


def test_huge_pages_of_the_host_are_for_those_who_ask() -> None:
    on = machine("edge-1", "prod", KEY, replace(FACTS, hugepages={"hugepages-2Mi": 8 * MI, "hugepages-1Gi": 0}))
    found = render_pod(pod("web", one()), on)
    assert found.containers[0].config.resources.hugepage_limits == (HugepageLimit(page_size="2MB", limit=0),)


@pytest.mark.parametrize(
    ("containers", "init", "scores"),
    [
        ((one("a", requests={"memory": "4Gi"}), one("b", requests={"cpu": "1"})), (), [500, 999]),
        ((one("a", requests={"memory": "4Gi"}),), (one("i"),), [500, 999]),
        ((one("a", requests={"memory": "4Gi"}),), (one("s", restart_policy="Always"),), [500, 500]),
        ((one("a", limits=SURE),), (), [-997]),
        ((one("a"),), (one("i"),), [1000, 1000]),
    ],
)
def test_the_oom_killer_takes_first_who_asked_for_least(
    containers: tuple[Container, ...], init: tuple[Container, ...], scores: list[int]
) -> None:
    found = made(*containers, init_containers=init)
    assert [each.config.resources.oom_score_adj for each in (*found.containers, *found.init)] == scores


def test_what_a_pod_asks_for_beyond_its_containers_is_shared_among_them() -> None:
    whole = ResourceRequirements(requests={"memory": "4Gi"})
    found = made(one("a", requests={"memory": "2Gi"}), one("b"), resources=whole)
    assert [each.config.resources.oom_score_adj for each in found.containers] == [625, 875]


def test_on_cgroup_v2_all_of_a_container_ends_together() -> None:
    on = machine("edge-1", "prod", KEY, replace(FACTS, cgroup_version=2))
    assert render_pod(pod(), on).containers[0].config.resources.unified == {"memory.oom.group": "1"}

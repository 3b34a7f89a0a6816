"""Where pods land on three real hosts: near, apart, spread; and what is said when no host fits."""

from collections import Counter

import pytest

from tests.e2e.fleet import Fleet
from tests.e2e.manifests import container, deployment, pod

pytestmark = pytest.mark.lab

HOSTNAME = "kubernetes.io/hostname"


def _about(app: str) -> dict[str, object]:
    return {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": HOSTNAME}


def _apart(app: str) -> dict[str, object]:
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [_about(app)]}}


def _near(app: str) -> dict[str, object]:
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [_about(app)]}}


def _hosts(fleet: Fleet, name: str) -> Counter[str]:
    return Counter(one.host for one in fleet.running() if one.pod.startswith(f"default/{name}"))


def test_one_a_host_and_no_more(fleet: Fleet) -> None:
    fleet.push("first", **{"web.yaml": deployment("web", replicas=4, affinity=_apart("web"))})
    done = fleet.apply("--timeout", "20s", check=None)
    assert sorted(_hosts(fleet, "web").values()) == [1, 1, 1]
    assert "pod anti-affinity" in done.stdout + done.stderr


def test_near_what_it_needs(fleet: Fleet) -> None:
    third = fleet.lab.hosts[2].name
    cache = deployment("cache", replicas=1, nodeSelector={HOSTNAME: third})
    fleet.push("first", **{"cache.yaml": cache, "web.yaml": deployment("web", replicas=3, affinity=_near("cache"))})
    fleet.apply()
    assert _hosts(fleet, "web") == {third: 3}
    fleet.assert_in_sync()


def test_spread_evenly_and_a_rollout_too(fleet: Fleet) -> None:
    spread = [
        {
            "maxSkew": 1,
            "topologyKey": HOSTNAME,
            "whenUnsatisfiable": "DoNotSchedule",
            "labelSelector": {"matchLabels": {"app": "web"}},
        }
    ]
    fleet.push("first", **{"web.yaml": deployment("web", replicas=5, topologySpreadConstraints=spread)})
    fleet.apply()
    assert sorted(_hosts(fleet, "web").values()) == [1, 2, 2]
    again = container(env=[{"name": "A", "value": "1"}])
    fleet.push("second", **{"web.yaml": deployment("web", again, replicas=5, topologySpreadConstraints=spread)})
    fleet.apply()
    assert sorted(_hosts(fleet, "web").values()) == [1, 2, 2]
    fleet.assert_in_sync()


def test_node_affinity_by_name(fleet: Fleet) -> None:
    second = fleet.lab.hosts[1].name
    field = {"key": "metadata.name", "operator": "In", "values": [second]}
    required = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    fleet.push("first", **{"one.yaml": pod("one", affinity=affinity)})
    fleet.apply()
    assert _hosts(fleet, "one") == {second: 1}


def test_what_no_host_has_is_said(fleet: Fleet) -> None:
    huge = container(resources={"requests": {"ephemeral-storage": "900Ti"}})
    fleet.push("first", **{"one.yaml": pod("one", huge)})
    done = fleet.apply("--timeout", "20s", check=None)
    assert "ephemeral-storage short by" in done.stdout + done.stderr

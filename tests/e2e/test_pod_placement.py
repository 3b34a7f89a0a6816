"""Where pods land on three real hosts: near, apart, spread; and what is said when no host fits."""

from collections import Counter

import pytest

from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, deployment, pod

pytestmark = pytest.mark.lab

HOSTNAME = "kubernetes.io/hostname"


def _about(app: str) -> dict[str, object]:
    return {"labelSelector": {"matchLabels": {"app": app}}, "topologyKey": HOSTNAME}


def _apart(app: str) -> dict[str, object]:
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [_about(app)]}}


def _near(app: str) -> dict[str, object]:
    return {"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [_about(app)]}}


def _wish(host: str) -> dict[str, object]:
    here = {"matchExpressions": [{"key": HOSTNAME, "operator": "In", "values": [host]}]}
    return {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 100, "preference": here}]}}


def _hosts(fleet: Fleet, name: str) -> Counter[str]:
    return Counter(one.host for one in fleet.running() if one.pod.startswith(f"default/{name}"))


def test_one_a_host_and_no_more(fleet: Fleet) -> None:
    fleet.push("first", **{"web.yaml": deployment("web", replicas=4, affinity=_apart("web"))})
    done = fleet.apply("--no-wait", check=1)
    assert sorted(_hosts(fleet, "web").values()) == [1, 1, 1]
    assert "pod anti-affinity" in done.stdout + done.stderr


def test_near_what_it_needs(fleet: Fleet) -> None:
    third = fleet.lab.hosts[2].name
    cache = deployment("cache", replicas=1, nodeSelector={HOSTNAME: third})
    fleet.push("first", **{"cache.yaml": cache, "web.yaml": deployment("web", replicas=3, affinity=_near("cache"))})
    fleet.apply()
    assert _hosts(fleet, "web") == {third: 3}
    fleet.assert_in_sync()
    # Wishes, against what else would be: the third host is the fullest.
    near = [{"weight": 100, "podAffinityTerm": {**_about("cache"), "namespaces": ["default"]}}]
    apart = [{"weight": 100, "podAffinityTerm": {**_about("cache"), "namespaceSelector": {}}}]
    fond = {"podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": near}}
    shy = {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": apart}}
    asks = container(resources={"requests": {"cpu": "10m"}})
    fleet.push("wishes", **{"fond.yaml": pod("fond", asks, affinity=fond), "shy.yaml": pod("shy", asks, affinity=shy)})
    fleet.apply()
    assert _hosts(fleet, "fond") == {third: 1}
    assert third not in _hosts(fleet, "shy")


def test_a_taint_keeps_pods_away_or_drives_them_out_unless_they_bear_it(fleet: Fleet) -> None:
    third = fleet.lab.hosts[2].name
    here = {HOSTNAME: third}
    right = {"key": "dedicated", "operator": "Equal", "value": "gpu", "effect": "NoSchedule"}
    for_a_moment = {"key": "leaving", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 1}
    keeper = {"key": "leaving", "operator": "Exists"}
    fleet.taint(third, "{key: dedicated, value: gpu, effect: NoSchedule}")
    fleet.push(
        "first",
        **{
            "in.yaml": pod("in", tolerations=[right, keeper], nodeSelector=here),
            "out.yaml": pod("out", tolerations=[{**right, "value": "cpu"}], nodeSelector=here),
        },
    )
    out = deployment("out", replicas=1, tolerations=[for_a_moment], affinity=_wish(third))
    with fleet.agent():
        eventually(lambda: "taint dedicated=gpu:NoSchedule" in fleet.trimtab("status", check=None).stdout)
        eventually(lambda: fleet.pods() == ["default/in"])
        fleet.taint(third)
        fleet.push("second", **{"out.yaml": out})
        eventually(lambda: _hosts(fleet, "out") == {third: 1})
        fleet.taint(third, "{key: leaving, effect: NoExecute}")
        fleet.push("third")
        eventually(lambda: [*_hosts(fleet, "out")] not in ([], [third]), what="the pod on another host")
        assert _hosts(fleet, "in") == {third: 1}


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


def test_node_affinity_by_name_and_a_profile_that_fills_one_host_first(fleet: Fleet) -> None:
    fleet.configure(scheduler={"profiles": [{"name": "packed", "scoring": "MostAllocated"}]})
    second = fleet.lab.hosts[1].name
    field = {"key": "metadata.name", "operator": "In", "values": [second]}
    others = {"key": HOSTNAME, "operator": "NotIn", "values": [second]}
    there = {"key": HOSTNAME, "operator": "Exists"}
    never, fits = ({"matchFields": [field], "matchExpressions": [one]} for one in (others, there))
    required = {"nodeSelectorTerms": [never, fits]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    asks = container(resources={"requests": {"cpu": "300m"}})
    web = deployment("web", asks, replicas=3, schedulerName="packed")
    fleet.push("first", **{"one.yaml": pod("one", affinity=affinity), "web.yaml": web})
    fleet.apply()
    assert _hosts(fleet, "one") == {second: 1}
    assert list(_hosts(fleet, "web").values()) == [3]


def test_what_no_host_has_is_said(fleet: Fleet) -> None:
    huge = container(resources={"requests": {"ephemeral-storage": "900Ti"}})
    fleet.push("first", **{"one.yaml": pod("one", huge)})
    done = fleet.apply("--no-wait", check=1)
    assert "ephemeral-storage short by" in done.stdout + done.stderr

"""Pods that are taken away on purpose: by a drain, within a budget; by a pod that comes first."""

import json
from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import container, deployment, pod

pytestmark = pytest.mark.lab


@pytest.fixture
def held(fleet: Fleet) -> Iterator[Fleet]:
    """A fleet with an agent that holds the hosts to it."""
    with fleet.agent():
        yield fleet


def _host(fleet: Fleet, name: str, **spec: object) -> None:
    """Write something into a host's manifest."""
    path = fleet.work / "hosts" / f"{name}.yaml"
    written = yaml.safe_load(path.read_text())
    written["spec"] |= spec
    path.write_text(yaml.safe_dump(written))


def _budget(least: int) -> str:
    spec = {"minAvailable": least, "selector": {"matchLabels": {"app": "web"}}}
    body = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": spec}
    return json.dumps(body)


def _on(fleet: Fleet, host: str) -> list[str]:
    return [one.pod for one in fleet.running() if one.host == host]


def _waiting(fleet: Fleet) -> list[str]:
    return [one["message"] for one in fleet.json("status", check=None)["waiting"]]


def test_a_drain_goes_as_far_as_the_budget_allows(held: Fleet) -> None:
    first = held.lab.hosts[0].name
    held.push("first", **{"web.yaml": deployment("web", replicas=4), "budget.yaml": _budget(4)})
    held.settle()
    assert len(_on(held, first)) == 2
    _host(held, first, drain=True)
    held.push("drain")
    stays = eventually(lambda: [one for one in _waiting(held) if one.startswith(f"drain of {first}: web-")])
    assert all("stays: budget web allows 0 disruptions now: it needs 4 healthy pods and has 4" in one for one in stays)
    assert len(_on(held, first)) == 2
    held.push("less", **{"budget.yaml": _budget(3)})
    # The drained host is looked at first: a pod that moves meanwhile is never missed on both.
    looks = list[int]()

    def moved() -> bool:
        running = held.running()
        looks.append(len({one.pod for one in running}))
        return all(one.host != first for one in running)

    eventually(moved)
    held.settle()
    assert min(looks) >= 3
    assert len(held.pods()) == 4
    held.assert_in_sync()
    _host(held, first, drain=False)
    held.push("come back")
    held.settle()
    assert "Nothing was moved" in held.trimtab("rebalance").stdout
    assert _on(held, first) == []
    held.trimtab("rebalance", "--apply")
    eventually(lambda: _on(held, first))
    held.settle()
    assert len(held.pods()) == 4
    held.assert_in_sync()


def test_who_comes_first_and_a_cordoned_host_takes_nothing(held: Fleet) -> None:
    first, second, third = (host.name for host in held.lab.hosts)
    _host(held, first, allocatable={"cpu": "1"})
    _host(held, second, unschedulable=True)
    _host(held, third, unschedulable=True)
    urgent = {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "high"},
        "value": 1000,
    }
    asks = container(resources={"requests": {"cpu": "600m"}})
    held.push("first", **{"low.yaml": pod("low", asks), "high.yaml": json.dumps(urgent)})
    held.settle()
    held.push("second", **{"urgent.yaml": pod("urgent", asks, priorityClassName="high")})
    eventually(lambda: held.pods() == ["default/urgent"])
    eventually(lambda: any(f"cpu short by 200m on {first}" in one for one in _waiting(held)))
    _host(held, second, unschedulable=False)
    held.push("third")
    held.settle()
    assert (_on(held, first), _on(held, second), _on(held, third)) == (["default/urgent"], ["default/low"], [])
    held.assert_in_sync()


def test_a_rollout_on_full_hosts_never_gives_one_more_than_it_has(held: Fleet) -> None:
    names = [host.name for host in held.lab.hosts]
    for name in names:
        _host(held, name, allocatable={"cpu": "1"})

    def web(version: str, unavailable: int) -> str:
        asks = container(resources={"requests": {"cpu": "600m"}}, env=[{"name": "VERSION", "value": version}])
        return deployment("web", asks, replicas=3, strategy={"maxSurge": 1, "maxUnavailable": unavailable})

    held.push("first", **{"web.yaml": web("1", 1)})
    held.settle()
    before = set(held.pods())
    assert [len(_on(held, name)) for name in names] == [1, 1, 1]
    held.push("second", **{"web.yaml": web("2", 1)})
    looks = list[int]()

    def rolled() -> bool:
        places = [one.host for one in held.running()]
        looks.extend(places.count(name) for name in names)
        return len(places) == 3 and not before & set(held.pods())

    eventually(rolled)
    held.settle()
    assert max(looks) == 1
    held.assert_in_sync()
    after = held.pods()
    held.push("third", **{"web.yaml": web("3", 0)})
    short = f"cpu short by 200m on {', '.join(names)}"
    eventually(lambda: any(short in one for one in _waiting(held)))
    assert held.pods() == after
    held.push("back", **{"web.yaml": web("2", 1)})
    held.settle()
    assert held.pods() == after
    held.assert_in_sync()

"""An autoscaler on real hosts: pods that burn CPU get company, and lose it again when they rest."""

import pytest

from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import autoscaler, container, deployment

pytestmark = pytest.mark.lab

SWITCHED = ["sh", "-c", "trap 'exit 0' TERM; while :; do [ -e /tmp/busy ] || sleep 0.2; done"]
"""Burns all the CPU that it may have while there is /tmp/busy."""
AMOUNT = {"requests": {"cpu": "100m"}, "limits": {"cpu": "100m"}}


def targets(fleet: Fleet) -> str:
    return fleet.trimtab("get", "hpa", "web").stdout


def test_replicas_follow_what_pods_burn(fleet: Fleet) -> None:
    fleet.configure(limits={"autoscaling": "1s"})
    fleet.push(
        "an autoscaler",
        **{
            "web.yaml": deployment("web", container(command=SWITCHED, resources=AMOUNT), replicas=1),
            "hpa.yaml": autoscaler(
                "web", percent=50, most=2, behavior={"scaleDown": {"stabilizationWindowSeconds": 0}}
            ),
        },
    )
    with fleet.agent():
        fleet.settle()
        first = fleet.one("default/web-").pod
        fleet.trimtab("exec", first.removeprefix("default/"), "--", "touch", "/tmp/busy")
        eventually(lambda: len(fleet.pods()) == 2, what="a second pod")
        assert "/50%" in targets(fleet)
        assert "above target" in fleet.trimtab("events").stdout
        fleet.trimtab("exec", first.removeprefix("default/"), "--", "rm", "/tmp/busy", check=None)
        eventually(lambda: len(fleet.pods()) == 1, what="one pod alone")
        fleet.settle()
    # Nobody measures now, and so nothing changes.
    fleet.assert_in_sync()

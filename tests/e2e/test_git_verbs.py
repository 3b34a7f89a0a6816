"""Verbs that commit: what they write is what the agent then does on real hosts."""

import pytest

from tests.e2e.fleet import Fleet, eventually
from tests.e2e.manifests import deployment

pytestmark = pytest.mark.lab

WEB = "deployment/web"
_ONE_BEHIND = "1 old replicas are pending termination..."


def _settle(fleet: Fleet) -> None:
    """Wait until what the verbs pushed is in force and done."""
    fleet.git("pull", "--quiet", "origin", "main")
    fleet.settle()


def _images(fleet: Fleet) -> list[str]:
    return sorted(container.image.rpartition(":")[2] for container in fleet.running("default/web-"))


def test_a_rollout_is_steered_by_commits(fleet: Fleet) -> None:
    fleet.push("first", **{"web.yaml": deployment("web", replicas=1, strategy={"maxSurge": 1, "maxUnavailable": 1})})
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 1)
        assert "successfully rolled out" in fleet.trimtab("rollout", "status", WEB).stdout
        fleet.trimtab("set", "image", WEB, f"main={fleet.lab.registry}/app:1.1")
        fleet.trimtab("rollout", "status", WEB)
        assert _images(fleet) == ["1.1"]
        fleet.trimtab("rollout", "pause", WEB)
        fleet.trimtab("set", "image", WEB, f"main={fleet.lab.registry}/app:1.0", "--dry-run")
        fleet.trimtab("rollout", "resume", WEB)
        fleet.trimtab("rollout", "undo", WEB)
        fleet.trimtab("rollout", "status", WEB)
        assert _images(fleet) == ["1.0"]
        before = {container.pod for container in fleet.running("default/web-")}
        fleet.trimtab("rollout", "restart", WEB)
        fleet.trimtab("rollout", "status", WEB)
        assert before.isdisjoint(container.pod for container in fleet.running("default/web-"))
        _settle(fleet)
        subjects = fleet.git("log", "--format=%s").splitlines()
        assert [subject.split()[0] for subject in subjects] == [
            "Restart", "Undo", "Resume", "Pause", "Set", "first",
        ]  # fmt: skip
    assert len(fleet.trimtab("rollout", "history", WEB).stdout.splitlines()) == 2 + 4
    fleet.assert_in_sync()


def test_a_rollout_whose_image_cannot_be_pulled_says_so_once(fleet: Fleet) -> None:
    fleet.push("first", **{"web.yaml": deployment("web", replicas=1)})
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 1)
        fleet.trimtab("set", "image", WEB, f"main={fleet.lab.registry}/app:none")
        # Ten seconds after the first attempt there is a second one.
        followed = fleet.trimtab("rollout", "status", WEB, "--timeout", "14s", check=1)
        waits = [line for line in followed.stdout.splitlines() if "spec update" not in line]
        assert waits == [f'Waiting for deployment "web" rollout to finish: {_ONE_BEHIND}']
        assert "timed out waiting for the condition" in followed.stderr
        rows = fleet.trimtab("get", "deployments").stdout.splitlines()
        assert dict(zip(rows[0].split(), rows[1].split(), strict=False))["UP-TO-DATE"] == "1"


def test_a_host_is_drained_and_opened_again(fleet: Fleet) -> None:
    fleet.push("first", **{"web.yaml": deployment("web", replicas=3)})
    with fleet.agent():
        eventually(lambda: len(fleet.pods()) == 3)
        fleet.settle()
        host = fleet.running("default/web-")[0].host
        refused = fleet.trimtab("host", "forget", host, "--yes", check=1).stderr
        assert f"host {host} is seen" in refused
        said = fleet.trimtab("drain", host).stdout
        assert said.endswith(f"host/{host} drained\n")
        assert all(container.host != host for container in fleet.running())
        eventually(lambda: len(fleet.pods()) == 3)
        fleet.trimtab("uncordon", host)
        fleet.trimtab("cordon", host)
        fleet.trimtab("scale", "deploy", "web", "--replicas=4")
        eventually(lambda: len(fleet.pods()) == 4)
        assert all(container.host != host for container in fleet.running())
        fleet.trimtab("uncordon", host)
        fleet.trimtab("scale", "deploy", "web", "--replicas=5")
        eventually(lambda: any(container.host == host for container in fleet.running()))
        _settle(fleet)
    fleet.assert_in_sync()

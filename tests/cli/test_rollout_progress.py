"""How far a rollout is, in the words of `kubectl rollout status`."""

import pytest

from agent.cli.verbs.rollout.progress import progress
from agent.model.kindstatus import AnyKindStatus, Condition, DaemonSetStatus, DeploymentStatus, StatefulSetStatus
from agent.model.objects.daemonset import DaemonSet, DaemonSetSpec, DaemonSetStrategy
from agent.model.objects.deployment import Deployment, DeploymentSpec
from agent.model.objects.fleet import AnyObject
from agent.model.objects.meta import ObjectKey, ObjectMeta
from agent.model.objects.pod import PodSpec, PodTemplate
from agent.model.objects.selector import LabelSelector
from agent.model.objects.statefulset import (
    StatefulRollingUpdate,
    StatefulSet,
    StatefulSetSpec,
    StatefulSetStrategy,
)
from agent.model.status import ObjectStatus
from agent.ports import Permanent

META, SELECTOR = ObjectMeta(name="web", namespace="default"), LabelSelector(match_labels={"app": "x"})
TEMPLATE = PodTemplate(spec=PodSpec(containers=()))
WEB = Deployment(metadata=META, spec=DeploymentSpec(selector=SELECTOR, template=TEMPLATE, replicas=3))
LATE = Condition(type="Progressing", status="False", reason="ProgressDeadlineExceeded")
DAEMON = DaemonSet(metadata=META, spec=DaemonSetSpec(selector=SELECTOR, template=TEMPLATE))


def _set(partition: int = 0) -> StatefulSet:
    rolling = StatefulSetStrategy(rolling_update=StatefulRollingUpdate(partition=partition))
    return StatefulSet(
        metadata=META, spec=StatefulSetSpec(selector=SELECTOR, template=TEMPLATE, replicas=3, update_strategy=rolling)
    )


def _told(body: AnyObject, status: AnyKindStatus | None) -> tuple[str, bool, bool]:
    key = ObjectKey(kind=body.kind, namespace="default", name="web")
    found = progress(body, ObjectStatus(key=key, phase="Progressing", status=status))
    return found.message, found.done, found.failed


ROLLING = 'Waiting for deployment "web" rollout to finish: '


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (None, "Waiting for deployment spec update to be observed..."),
        (DeploymentStatus(replicas=3, updated_replicas=1), f"{ROLLING}1 out of 3 new replicas have been updated..."),
        (DeploymentStatus(replicas=4, updated_replicas=3), f"{ROLLING}1 old replicas are pending termination..."),
        (
            DeploymentStatus(replicas=3, updated_replicas=3, available_replicas=2),
            f"{ROLLING}2 of 3 updated replicas are available...",
        ),
    ],
)
def test_a_deployment_on_its_way(status: DeploymentStatus | None, message: str) -> None:
    assert _told(WEB, status) == (message, False, False)


def test_a_deployment_that_is_through_or_late() -> None:
    through = DeploymentStatus(replicas=3, updated_replicas=3, available_replicas=3)
    assert _told(WEB, through) == ('deployment "web" successfully rolled out', True, False)
    late = DeploymentStatus(replicas=3, updated_replicas=1, conditions=(LATE,))
    assert _told(WEB, late) == ('deployment "web" exceeded its progress deadline', False, True)


def test_a_stateful_set() -> None:
    old = StatefulSetStatus(ready_replicas=3, updated_replicas=1, current_revision="a", update_revision="b")
    says = "waiting for statefulset rolling update to complete 1 pods at revision b..."
    assert _told(_set(), old) == (says, False, False)
    assert _told(_set(), StatefulSetStatus(ready_replicas=1))[0] == "Waiting for 2 pods to be ready..."
    new = StatefulSetStatus(ready_replicas=3, updated_replicas=3, current_revision="b", update_revision="b")
    assert _told(_set(), new) == ("statefulset rolling update complete 3 pods at revision b...", True, False)
    says = "Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated..."
    assert _told(_set(partition=1), old) == (says, False, False)
    part = StatefulSetStatus(ready_replicas=3, updated_replicas=2)
    says = "partitioned roll out complete: 2 new pods have been updated..."
    assert _told(_set(partition=1), part) == (says, True, False)


def test_a_daemon_set() -> None:
    waiting = 'Waiting for daemon set "web" rollout to finish: '
    first = DaemonSetStatus(desired_number_scheduled=3, updated_number_scheduled=1)
    assert _told(DAEMON, first) == (f"{waiting}1 out of 3 new pods have been updated...", False, False)
    second = DaemonSetStatus(desired_number_scheduled=3, updated_number_scheduled=3, number_available=1)
    assert _told(DAEMON, second) == (f"{waiting}1 of 3 updated pods are available...", False, False)
    third = DaemonSetStatus(desired_number_scheduled=3, updated_number_scheduled=3, number_available=3)
    assert _told(DAEMON, third) == ('daemon set "web" successfully rolled out', True, False)
    by_hand = DaemonSet(
        metadata=META,
        spec=DaemonSetSpec(selector=SELECTOR, template=TEMPLATE, update_strategy=DaemonSetStrategy(type="OnDelete")),
    )
    with pytest.raises(Permanent, match="only available for RollingUpdate"):
        _told(by_hand, third)

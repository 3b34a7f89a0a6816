"""What the rules look at: one pod from all sides, on one host."""

from collections.abc import Mapping
from typing import Final, Literal

from agent.model.action import Action
from agent.model.cause import Cause, Commit, Drift
from agent.model.desired import DesiredPod
from agent.model.files import FileSeen
from agent.model.objects.meta import ConfigKey, ObjectKey, PodKey
from agent.model.observation import ContainerSeen, ImageSeen, Seen
from agent.model.plan import FingerprintKey, HostInput, Waiting
from agent.model.usage import Usage
from agent.model.value import Value
from agent.planner.host.comparing.filetree import projected_files
from agent.planner.host.images import image_store
from agent.planner.host.rendering.rendered import RenderedContainer, RenderedPod
from agent.planner.pods import ObservedPod

Reason = Literal["back-off", "image-pull", "predecessor", "refused", "runtime"]


class HostView(Value, frozen=True, kw_only=True):
    """The host: what was seen, indexed, and what every plan entry needs to say about itself."""

    host: str
    agent: str
    revision: str
    key: FingerprintKey
    now: float
    seen: Seen
    images: Mapping[str, ImageSeen]
    files: Mapping[str, Mapping[str, FileSeen]]
    """Files of projected volumes: by root, then by path below it."""
    usage: Usage | None = None
    priorities: Mapping[str, int] = {}


class Subject(Value, frozen=True, kw_only=True):
    """One pod: what it should be (``wanted``, None when it should not be), what it is, and who says so.

    ``desired`` is None for a kept pod, whose wanted state is its live one. ``going`` is why a leaving pod goes.
    """

    key: PodKey
    wanted: RenderedPod | None = None
    desired: DesiredPod | None = None
    observed: ObservedPod | None = None
    going: Cause | None = None


class Part(Value, frozen=True, kw_only=True):
    """One container of a pod, as it should be and as it is; ``live`` is None when it is not there."""

    subject: Subject
    wanted: RenderedPod
    pod: ObservedPod
    container: RenderedContainer
    live: ContainerSeen | None

    @property
    def name(self) -> str:
        """The container's name."""
        return self.container.config.name


class Verdict(Value, frozen=True, kw_only=True):
    """What a rule asks for. All empty: all is well. ``wake_at`` is when time alone will change that; 0 for never."""

    actions: tuple[Action, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    wake_at: float = 0.0


NOTHING: Final = Verdict()
"""All is well: by far the most frequent answer."""


def host_view(given: HostInput, seen: Seen) -> HostView:
    """Return a host as the rules see it."""
    return HostView(
        host=given.desired.host,
        agent=given.desired.agent,
        revision=given.desired.revision,
        key=given.key,
        now=given.now,
        seen=seen,
        images=image_store(seen),
        files=projected_files(seen),
        usage=given.usage,
        priorities=given.desired.priorities,
    )


def drift(view: HostView, rule: str, what: str, *, seen_at: float = 0.0) -> Drift:
    """Return a cause: live state left the desired state by itself."""
    return Drift(rule=rule, what=what, seen_at=seen_at or view.seen.at)


def asked_for(view: HostView, desired: DesiredPod, *, path: str, summary: str) -> Commit:
    """Return a cause: the pod's owner asks for it."""
    return Commit(
        revision=view.revision, object=desired.owner, location=desired.origin.location, path=path, summary=summary
    )


def configured(view: HostView, desired: DesiredPod, source: ConfigKey, entry: str, summary: str) -> Commit:
    """Return a cause: an entry of a ConfigMap or Secret asks for it."""
    data = desired.config.get(source)
    origin = desired.origin if data is None else data.origin
    return Commit(
        revision=view.revision,
        object=ObjectKey(kind=source.kind, namespace=desired.key.namespace, name=source.name),
        location=origin.location,
        path=f"data.{entry}",
        summary=summary,
    )


def waits(view: HostView, subject: Subject, reason: Reason, message: str, *, until: float = 0.0) -> Waiting:
    """Return an entry that says what a pod waits for."""
    owner = subject.desired.owner if subject.desired else subject.observed.owner if subject.observed else None
    return Waiting(reason=reason, message=message, pod=subject.key, object=owner, host=view.host, until=until)

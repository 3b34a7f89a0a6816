from collections.abc import Mapping, Sequence

from agent.model.objects.meta import ObjectKey
from agent.simulator.whatif.answer import Entry, What

_Group = tuple[float, What, ObjectKey | None, str]


class Timeline:
    """Collects what happens; what happens at one time, to one object, for one reason, becomes one entry."""

    def __init__(self) -> None:
        self._begin = 0.0
        self._groups: dict[_Group, tuple[list[str], list[str]]] = {}

    def begin(self, now: float) -> None:
        """Count time from now on; what was before is forgotten."""
        self._begin = now
        self._groups.clear()

    def add(
        self,
        now: float,
        what: What,
        about: ObjectKey | None = None,
        message: str = "",
        *,
        pod: str = "",
        host: str = "",
    ) -> None:
        """Take in one thing that happened."""
        pods, hosts = self._groups.setdefault((round(now - self._begin), what, about, message), ([], []))
        if pod:
            pods.append(pod)
        if host and host not in hosts:
            hosts.append(host)

    def entries(self) -> tuple[Entry, ...]:
        """Return all of it, in order."""
        return tuple(
            Entry(at=at, what=what, object=about, message=message, pods=tuple(sorted(pods)), hosts=tuple(sorted(hosts)))
            for (at, what, about, message), (pods, hosts) in sorted(self._groups.items(), key=lambda one: one[0][0])
        )


def news(before: Mapping[str, object], after: Mapping[str, object]) -> Sequence[str]:
    """Return the keys whose value is another one now, sorted."""
    return sorted(key for key, value in after.items() if before.get(key) != value)

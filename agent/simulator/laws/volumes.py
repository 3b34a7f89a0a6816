from collections.abc import Mapping

from agent.model.volumes import VolumeMark
from agent.simulator.kinds.declared import Set
from agent.simulator.kinds.manifests import GRACE
from agent.simulator.laws.moment import Broken, Moment


class VolumeLaws:
    """Data of StatefulSets goes when nobody wanted it for the time of grace, and its set says that it may."""

    def __init__(self) -> None:
        self._wanted: dict[str, float] = {}
        """By claim: when it was wanted, or to be retained, last."""
        self._kept: dict[str, bool] = {}
        """By set: whether its data outlives it, as it said last."""

    def planned(self, moment: Moment) -> None:
        """Hear what is declared at a moment."""
        for name, one in moment.declared.sets.items():
            self._kept[name] = not one.expendable
        for claim in self._wanted:
            if self._stays(claim, moment.declared.sets):
                self._wanted[claim] = moment.now
            # Nobody knows whether a clock that was set back began to count later.
            self._wanted[claim] = min(self._wanted[claim], moment.now)

    def made(self, mark: VolumeMark, now: float) -> None:
        """Hear that a volume is made."""
        self._wanted[mark.claim] = now

    def removed(self, mark: VolumeMark, now: float) -> None:
        """Check that a volume may go."""
        since = now - self._wanted.get(mark.claim, 0.0)
        if since < GRACE:
            raise Broken(f"the data of {mark.claim} goes {since:.0f} s after it was wanted")

    def _stays(self, claim: str, sets: Mapping[str, Set]) -> bool:
        name, _, ordinal = claim.removeprefix("data-").rpartition("-")
        one = sets.get(name)
        if one is None:
            return self._kept.get(name, True)
        return not one.expendable or (one.claims and int(ordinal) < one.replicas)

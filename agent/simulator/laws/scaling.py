from typing import Final

from agent.simulator.laws.moment import Broken, Moment

_NOTICED: Final = 120.0
"""Seconds after which an autoscaler knows that nothing is measured any more."""


class ScalingLaws:
    """Autoscalers keep to their bounds, and take no pods away that they cannot measure."""

    def __init__(self) -> None:
        self._blind_since: float | None = None

    def planned(self, moment: Moment) -> None:
        """Check every autoscaler that is declared."""
        if not all(machine.blind for machine in moment.machines.values()):
            self._blind_since = None
        else:
            self._blind_since = min(moment.now, moment.now if self._blind_since is None else self._blind_since)
        blind = self._blind_since is not None and moment.now - self._blind_since > _NOTICED
        for name, scaled in moment.declared.scaled.items():
            key = f"Deployment default/{name}"
            scale, known = moment.memory.autoscalers.get(key), moment.before.autoscalers.get(key)
            if scale is None:
                continue
            if not scaled.least <= scale.replicas <= scaled.most:
                raise Broken(f"{name} is scaled to {scale.replicas}, {scaled.least} to {scaled.most} are allowed")
            if blind and known is not None and scale.replicas < min(known.replicas, scaled.most):
                raise Broken(f"{name} is scaled down to {scale.replicas}, and nobody can measure it")

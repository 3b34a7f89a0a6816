from collections.abc import Callable, Sequence

from agent.model.desired import HostDesired
from agent.ports import Host, PortError
from agent.reconciler.host import events as host_events
from agent.reconciler.host.flights import Submit
from agent.reconciler.shared import Shared


class Tags:
    """Has a host ask its registries, at the slow resync pace, for tags that may mean another image by now.

    Only for containers with imagePullPolicy Always. It runs beside the loop, since a registry may take long to answer.
    """

    def __init__(self, host: str, shared: Shared, submit: Submit, woken: Callable[[], None]) -> None:
        self._name = host
        self._shared = shared
        self._submit = submit
        self._woken = woken
        self._asked_at: float | None = None
        self._asking = False

    def refresh(self, host: Host, desired: HostDesired, now: float) -> None:
        """Ask, when it is time to; a first time only after one whole pause, since pods are made from fresh pulls."""
        if self._asked_at is None or now < self._asked_at:
            self._asked_at = now
        if self._asking or now - self._asked_at < self._shared.settings.resync:
            return
        self._asked_at = now
        wanted = {
            container.image
            for pod in desired.pods
            for container in pod.spec.containers
            if container.image_pull_policy == "Always"
        }
        if wanted:
            self._asking = True
            self._submit(lambda: self._ask(host, sorted(wanted), now))

    def _ask(self, host: Host, images: Sequence[str], now: float) -> None:
        about = (self._name, "registry")
        try:
            host.refresh_images(images)
        except PortError as error:
            event = host_events.link(self._name, now, reason="RefreshFailed", message=str(error))
            self._shared.recorder.lasts(about, event)
        else:
            self._shared.recorder.over(about)
            self._woken()
        finally:
            self._asking = False

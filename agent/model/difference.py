"""Field-level difference between live and desired."""

from agent.model.value import Value


class Difference(Value, frozen=True, kw_only=True):
    """One field that differs. ``path`` is the manifest's path (``spec.containers[web].image``), list items by name.

    ``live`` and ``desired`` are texts ready to show, ``None`` where absent. Secret content never gets here: it is
    replaced by a keyed fingerprint such as ``(secret 3f9a01c2)``, so that a change is visible and its value is not.
    """

    path: str
    live: str | None
    desired: str | None
    sensitive: bool = False

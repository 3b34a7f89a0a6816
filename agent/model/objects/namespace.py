from typing import Literal

from agent.model.objects.meta import Object, ObjectMeta


class Namespace(Object, frozen=True, kw_only=True):
    """A Namespace: objects may only name one that is declared, or ``default``."""

    metadata: ObjectMeta
    api_version: Literal["v1"] = "v1"
    kind: Literal["Namespace"] = "Namespace"

from collections.abc import Mapping

from agent.model.value import Value


class Policy(Value, frozen=True, kw_only=True):
    """When something is to be cleaned up: disks by how full they are (0 to 1), ages in seconds, logs in bytes.

    Images go above ``image_high``, down to ``image_low``, once they were unused for ``image_age``. ``eviction_hard``
    says from when on a host is short of something, which counts for ``pressure_transition`` more seconds.
    """

    image_high: float = 0.85
    image_low: float = 0.80
    image_age: float = 120.0
    log_bytes: int = 10 << 20
    log_files: int = 5
    eviction_hard: Mapping[str, str | int | float] = {}
    pressure_transition: float = 300.0

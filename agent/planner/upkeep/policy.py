from agent.model.value import Value


class Policy(Value, frozen=True, kw_only=True):
    """When something is to be cleaned up: disks by how full they are (0 to 1), ages in seconds, logs in bytes.

    Images go above ``image_high``, down to ``image_low``, once they were unused for ``image_age``.
    """

    image_high: float = 0.85
    image_low: float = 0.80
    image_age: float = 120.0
    log_bytes: int = 10 << 20
    log_files: int = 5

import time


def moment(at: float) -> str:
    """Return a time as Kubernetes writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))


def moments(**times: float) -> dict[str, str]:
    """Return the times that have come, by their names: one of 0 has not."""
    return {name: moment(at) for name, at in times.items() if at}

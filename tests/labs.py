"""The labs that tests start: each run, and each worker of a run, has a lab of its own name."""

import os


def lab_name(usual: str) -> str:
    """Return TRIMTAB_LAB_NAME or the usual name, with the number of pytest-xdist's worker behind it."""
    return os.environ.get("TRIMTAB_LAB_NAME", usual) + os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")


def lab_releases() -> list[str]:
    """Return the Debian releases of the hosts from TRIMTAB_LAB_RELEASE, "trixie" or "trixie,forky"; else none."""
    return [release for release in os.environ.get("TRIMTAB_LAB_RELEASE", "").split(",") if release]

"""Which containers come back after they ended: the pod's policy, a container's own, and its rules for exit codes."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

import msgspec

from agent.model.cri import ContainerConfig
from agent.model.labels import RESTART_RULES, RESTARTS_ASKED, ROLE, ROUND
from agent.model.objects.pod import Container, RestartPolicy, RestartRule
from agent.model.typed import decoder
from agent.model.value import Value
from agent.planner.annotation import read_json

Role = Literal["main", "init", "sidecar"]

_FIRST: Final = 10_000
"""Above any place among init containers: where one that an unreadable annotation names is put."""


class _Own(Value, frozen=True, kw_only=True):
    """What a container says of itself: the annotation's JSON."""

    policy: RestartPolicy
    rules: tuple[RestartRule, ...] = ()


def restart_annotations(container: Container) -> dict[str, str]:
    """Return the annotation that lets a container's own policy outlive its manifest; none where it has none."""
    if container.restart_policy is None:
        return {}
    own = _Own(policy=container.restart_policy, rules=container.restart_policy_rules)
    return {RESTART_RULES: msgspec.json.encode(own).decode()}


def role_of(config: ContainerConfig) -> Role:
    """Return what a container is in its pod."""
    written = config.annotations.get(ROLE, "")
    return "sidecar" if written.startswith("sidecar/") else "init" if written.startswith("init/") else "main"


def place_of(config: ContainerConfig) -> int:
    """Return the place of an init container or sidecar among the pod's init containers."""
    number = config.annotations.get(ROLE, "").partition("/")[2]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 5 else _FIRST


def comes_back(config: ContainerConfig, exit_code: int, policy: RestartPolicy) -> bool:
    """Tell whether a container that ended with this code is started again.

    ``policy`` is the pod's. An init container that did its work never is; one that failed is, unless it must not.
    """
    role = role_of(config)
    if role == "sidecar":
        return True
    if role == "init" and exit_code == 0:
        return False
    own = _own(config.annotations)
    if own is not None and any(_matches(rule, exit_code) for rule in own.rules):
        return True
    asked = own.policy if own is not None else policy
    return asked == "Always" or (asked == "OnFailure" and exit_code != 0)


def restarts_all(config: ContainerConfig, exit_code: int) -> bool:
    """Tell whether all containers of a pod start anew since this one ended with this code."""
    own = _own(config.annotations)
    if own is None or (role_of(config) == "init" and exit_code == 0):
        return False
    first = next((rule for rule in own.rules if _matches(rule, exit_code)), None)
    return first is not None and first.action == "RestartAllContainers"


def round_of(config: ContainerConfig) -> int:
    """Return how often all containers of the pod were started anew before this one was made."""
    return _count(config, ROUND)


def asked_of(config: ContainerConfig) -> int:
    """Return how many of a container's restarts a change asked for while it ran: nothing had failed."""
    return _count(config, RESTARTS_ASKED)


def _count(config: ContainerConfig, annotation: str) -> int:
    written = config.annotations.get(annotation, "0")
    return int(written) if written.isascii() and written.isdigit() and len(written) < 10 else 0


def _matches(rule: RestartRule, exit_code: int) -> bool:
    codes = rule.exit_codes
    if codes is None:
        return False
    return (exit_code in codes.values) == (codes.operator == "In")


def _own(annotations: Mapping[str, str]) -> _Own | None:
    written = annotations.get(RESTART_RULES)
    return None if written is None else _read(written)


_OWN: Final = decoder(_Own)


@lru_cache(maxsize=1024)
def _read(written: str) -> _Own | None:
    return read_json(written, _OWN)

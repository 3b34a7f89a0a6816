"""A Host: how it is reached, and what it offers."""

import binascii
from typing import Final

from agent.manifests.checks.addresses import is_address
from agent.manifests.checks.quantities import check_quantities
from agent.manifests.checks.unique import check_unique
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.host import Host, Jump, Ssh

_KEY_TYPES: Final = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)


def check_host(host: Host) -> Findings:
    """Yield what is wrong with a Host."""
    spec = host.spec
    if (spec.ssh is None) != spec.local:
        message = "exactly one of `ssh` and `local: true` is needed"
        hint = "write ssh.address, or `local: true` for the machine that the agent runs on"
        yield Finding(("spec",), "one-of", message, hint, at_key=True)
    if spec.ssh is not None:
        yield from _reached(spec.ssh, ("spec", "ssh"))
        if spec.ssh.jump is not None:
            yield from _reached(spec.ssh.jump, ("spec", "ssh", "jump"))
    yield from check_quantities(spec.allocatable, ("spec", "allocatable"))
    yield from check_quantities(spec.reserved, ("spec", "reserved"))
    at = ("spec", "taints")
    yield from check_unique(spec.taints, at, lambda taint: f"{taint.key}:{taint.effect}", "taint", "key")


def _reached(machine: Ssh | Jump, at: Steps) -> Findings:
    if ":" in machine.address and not is_address(machine.address):
        message = "with a `:` this would be an IPv6 address, and it is none"
        yield Finding((*at, "address"), "bad-value", message, "a port is written beside it, as `port`")
    yield from _host_key(machine.host_key, (*at, "hostKey"))


def _host_key(key: str | None, at: Steps) -> Findings:
    if key is None:
        return
    kind, encoded = key.split()[:2]
    if kind not in _KEY_TYPES:
        yield Finding(at, "bad-value", f"`{kind}` is not a type of host key: one of {', '.join(_KEY_TYPES)}")
    elif _embedded_type(encoded) != kind:
        hint = f"copy it from the host's own {_file(kind)}"
        yield Finding(at, "bad-value", f"this is no {kind} key: it is cut off, or of another type", hint)


def _embedded_type(encoded: str) -> str:
    """Return the type that a public key names in itself; empty when it is not whole.

    A key is fields of a length and that many bytes (RFC 4253, 6.6); the first is its type.
    """
    try:
        blob = binascii.a2b_base64(encoded, strict_mode=True)
    except binascii.Error:
        return ""
    fields: list[bytes] = []
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if len(blob) < 4 + length:
            return ""
        fields.append(blob[4 : 4 + length])
        blob = blob[4 + length :]
    return fields[0].decode("ascii", errors="replace") if len(fields) > 1 else ""


def _file(kind: str) -> str:
    family = "ed25519" if "ed25519" in kind else "rsa" if "rsa" in kind else "ecdsa"
    return f"/etc/ssh/ssh_host_{family}_key.pub"

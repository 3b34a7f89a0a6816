"""What containerd answers when something fails, in the words of the port."""

import re
from typing import Final

import grpc

from agent.model.value import Value
from agent.ports import Permanent, PortError, Temporary, Unreachable

_LONGEST: Final = 400
_WRAPPER: Final = re.compile(r"^(?:rpc error: code = \w+ desc = )+")
_GONE: Final = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED})


class ImagePullError(Temporary):
    """An image could not be brought to the host."""


class _Cause(Value, frozen=True, kw_only=True):
    pattern: str
    meaning: str


_DENIED: Final = re.compile(
    r"insufficient_scope|authorization failed|unauthorized|401|403|denied|no basic auth|not ?found|404", re.IGNORECASE
)

# First match wins: a registry that wants authentication says "not found" as well.
_PULL_CAUSES: Final = (
    _Cause(
        pattern=r"insufficient_scope|authorization failed|unauthorized|401|403|denied|no basic auth",
        meaning="the registry does not let the host have it (wrong name, or it needs a login: imagePullSecrets)",
    ),
    _Cause(pattern=r"no such host", meaning="the registry's name does not resolve on the host"),
    _Cause(
        pattern=r"connection refused|i/o timeout|no route to host|network is unreachable|connection reset|deadline",
        meaning="the registry cannot be reached from the host",
    ),
    _Cause(pattern=r"x509|certificate", meaning="the host does not trust the registry's certificate"),
    _Cause(pattern=r"HTTP response to HTTPS", meaning="the registry speaks plain HTTP, the host expects HTTPS"),
    _Cause(pattern=r"toomanyrequests|429", meaning="the registry limits how much this host may pull"),
    _Cause(pattern=r"not ?found|404|no match for platform", meaning="the registry has no such image"),
    _Cause(pattern=r"invalid reference|failed to parse", meaning="this is not an image reference"),
    _Cause(pattern=r"no space left", meaning="the host's disk is full"),
)


def code_of(error: grpc.RpcError) -> grpc.StatusCode:
    """Return the status code of a failed call."""
    code = error.code() if isinstance(error, grpc.Call) else None
    return code if isinstance(code, grpc.StatusCode) else grpc.StatusCode.UNKNOWN


def said(error: grpc.RpcError) -> str:
    """Return what the runtime said, on one line and bounded."""
    details = error.details() if isinstance(error, grpc.Call) else None
    text = " ".join(_WRAPPER.sub("", details or "").split())
    return text if len(text) <= _LONGEST else text[: _LONGEST // 2] + " … " + text[-_LONGEST // 2 :]


def is_missing(error: grpc.RpcError) -> bool:
    """Whether the call failed because the thing it names does not exist."""
    return code_of(error) is grpc.StatusCode.NOT_FOUND


def is_lost(error: grpc.RpcError) -> bool:
    """Whether the call failed because the runtime is out of reach."""
    return code_of(error) in _GONE


def is_reserved(error: grpc.RpcError) -> bool:
    """Whether the call failed because its name is taken, as after a call that was given up but went on."""
    return "is reserved for" in said(error)


def has_task(error: grpc.RpcError) -> bool:
    """Whether a container cannot be removed since its task is there, of which the CRI service knows nothing."""
    return "cannot delete running task" in said(error)


def is_denied(error: grpc.RpcError) -> bool:
    """Whether other credentials might make a pull succeed: registries also hide what they do not show."""
    return not is_lost(error) and _DENIED.search(said(error)) is not None


def port_error(error: grpc.RpcError, what: str, *, host: str) -> PortError:
    """Return a failed call as an error of the port; ``what`` names what was tried."""
    text = said(error)
    match code_of(error):
        case grpc.StatusCode.UNIMPLEMENTED:
            return cri_is_off(host)
        case code if code in _GONE:
            return Unreachable(f"{host}: containerd went away during: {what}: {text}")
        case grpc.StatusCode.DEADLINE_EXCEEDED:
            return Temporary(f"{what}: containerd did not finish in time")
        case _:
            return Temporary(f"{what}: {text}")


def cri_is_off(host: str) -> Permanent:
    """Return the error for a containerd without its CRI service, as Docker's packages configure it."""
    return Permanent(
        f"{host}: this containerd serves no CRI (unknown service runtime.v1.RuntimeService)",
        hint="Docker's containerd.io package switches it off: remove cri from disabled_plugins in "
        "/etc/containerd/config.toml, then systemctl restart containerd",
    )


def pull_error(error: grpc.RpcError, image: str) -> ImagePullError:
    """Return a failed pull with its reason told apart."""
    text = said(error)
    if code_of(error) is grpc.StatusCode.DEADLINE_EXCEEDED:
        return ImagePullError(f"image {image}: the pull did not finish in time")
    for cause in _PULL_CAUSES:
        if re.search(cause.pattern, text, re.IGNORECASE):
            return ImagePullError(f"image {image}: {cause.meaning}: {_core(text, image)}")
    return ImagePullError(f"image {image}: {_core(text, image)}")


def _core(text: str, image: str) -> str:
    """Return the innermost part of Go's chain of reasons; what is before it repeats the image's name."""
    parts = text.split(": ")
    while len(parts) > 1 and image in parts[0]:
        del parts[0]
    return ": ".join(parts[-3:])

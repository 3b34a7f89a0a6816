"""What containerd says, told apart and in words that help."""

import grpc
import pytest

from agent.hosts.cri.errors import ImagePullError, is_reserved, port_error, pull_error, said
from agent.ports import Permanent, Temporary, Unreachable

PULL = 'rpc error: code = Unknown desc = failed to pull and unpack image "r/x:1": failed to resolve reference "r/x:1": '


class Failed(grpc.RpcError, grpc.Call):  # type: ignore[misc] # grpc's own errors are both
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        self._code = code
        self._details = details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details


# grpc's errors are calls as well; what is not asked of one here needs no body.
Failed.__abstractmethods__ = frozenset()  # type: ignore[attr-defined] # abc's own attribute


def unknown(details: str) -> Failed:
    return Failed(grpc.StatusCode.UNKNOWN, details)


@pytest.mark.parametrize(
    ("details", "meaning"),
    [
        ("r/x:1: not found", "has no such image"),
        ("pull access denied, repository does not exist or may require authorization", "does not let the host have it"),
        ("unexpected status from HEAD request: 401 Unauthorized", "does not let the host have it"),
        ("dial tcp 10.0.0.1:5000: connect: connection refused", "cannot be reached"),
        ("dial tcp: lookup r on 10.0.0.53:53: no such host", "does not resolve"),
        ("tls: failed to verify certificate: x509: unknown authority", "certificate"),
        ("http: server gave HTTP response to HTTPS client", "plain HTTP"),
        ("429 Too Many Requests - toomanyrequests", "limits"),
        ("write /var/lib/containerd/x: no space left on device", "disk is full"),
    ],
)
def test_reasons_for_a_failed_pull_are_told_apart(details: str, meaning: str) -> None:
    error = pull_error(unknown(PULL + details), "r/x:1")
    assert isinstance(error, ImagePullError)
    assert meaning in str(error)
    assert "rpc error" not in str(error)
    assert str(error).count("r/x:1") == 1


def test_a_runtime_without_cri_is_dockers_default() -> None:
    error = port_error(
        Failed(grpc.StatusCode.UNIMPLEMENTED, "unknown service runtime.v1.RuntimeService"), "look", host="edge-1"
    )
    assert isinstance(error, Permanent)
    assert "disabled_plugins" in error.hint


def test_a_runtime_that_is_gone_is_unreachable() -> None:
    assert isinstance(port_error(Failed(grpc.StatusCode.UNAVAILABLE, "EOF"), "look", host="edge-1"), Unreachable)


def test_anything_else_is_worth_another_try_and_keeps_containerds_words() -> None:
    error = port_error(unknown("failed to create shim task: OCI runtime create failed"), "start web", host="edge-1")
    assert isinstance(error, Temporary)
    assert str(error) == "start web: failed to create shim task: OCI runtime create failed"


def test_long_and_odd_words_are_bounded() -> None:
    assert len(said(unknown("x" * 10_000))) < 500
    assert said(unknown("a\nb\n\n c")) == "a b c"


def test_a_reserved_name_is_recognised() -> None:
    assert is_reserved(unknown('failed to reserve sandbox name "a_b_c_0": name "a_b_c_0" is reserved for "f00"'))
    assert not is_reserved(unknown("anything else"))

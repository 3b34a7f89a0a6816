"""What containerd refuses for a blink, in its own words, is asked for again."""

import grpc
import pytest

from agent.hosts.execute.settling import until_settled
from tests.hosts.test_errors import unknown


@pytest.mark.parametrize(
    "refusal",
    [
        "failed to delete task: cannot delete a running process: unknown",  # killed, and its end not noticed yet
        'failed to set removing state for container "c": container is already in removing state',
    ],
)
def test_what_is_just_ending_is_tried_again(refusal: str) -> None:
    refusals = [unknown(refusal)]

    def call() -> None:
        if refusals:
            raise refusals.pop()

    until_settled(call)
    assert refusals == []


def test_any_other_refusal_is_told() -> None:
    def call() -> None:
        raise unknown("no space left on device")

    with pytest.raises(grpc.RpcError):
        until_settled(call)

from pathlib import Path
from threading import Thread

import pytest

from agent.hosts.cri.client import Runtime


def test_a_call_that_was_interrupted_as_it_began_keeps_nobody_from_closing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(_state: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("grpc._channel._run_channel_spin_thread", interrupted)
    runtime = Runtime(f"unix://{tmp_path}/none.sock")
    with pytest.raises(KeyboardInterrupt):
        runtime.look_version()
    closing = Thread(target=runtime.close, daemon=True)
    closing.start()
    closing.join(60)
    assert not closing.is_alive()

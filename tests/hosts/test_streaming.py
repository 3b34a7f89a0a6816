"""What comes from containerd's streaming server, however it is cut, and what is made of it."""

import json
import struct
import zlib

import pytest

from agent.hosts.local import LocalLink
from agent.hosts.streaming.command import exit_code
from agent.hosts.streaming.connection import connect
from agent.hosts.streaming.spdy import BadFrameError, Decoder, Encoder, Frame, data
from agent.ports import Permanent, PortError, Temporary

SERVER = (
    data(3, b"hello")
    + struct.pack(">HHI", 0x8003, 2, 4) + struct.pack(">I", 3)  # SYN_REPLY, without headers
    + struct.pack(">HHI", 0x8003, 6, 4) + b"\0\0\0\2"  # PING
    + data(3, b"", fin=True)
    + struct.pack(">HHI", 0x8003, 3, 8) + struct.pack(">II", 1, 5)  # RST_STREAM
    + struct.pack(">HHI", 0x8003, 7, 8) + b"\0" * 8  # GOAWAY
)  # fmt: skip
FRAMES = [
    Frame(kind="data", stream=3, content=b"hello"),
    Frame(kind="ping", content=b"\0\0\0\2"),
    Frame(kind="data", stream=3, fin=True),
    Frame(kind="reset", stream=1),
    Frame(kind="end"),
]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_frames_are_whole_wherever_they_were_cut(size: int) -> None:
    decoder = Decoder()
    pieces = [SERVER[at : at + size] for at in range(0, len(SERVER), size)]
    assert [frame for piece in pieces for frame in decoder.feed(piece)] == FRAMES


def test_what_is_no_spdy_is_an_error_and_not_a_wait() -> None:
    with pytest.raises(BadFrameError):
        list(Decoder().feed(struct.pack(">II", 1, 0xFFFFFF)))
    with pytest.raises(BadFrameError):
        list(Decoder().feed(struct.pack(">HHI", 0x8002, 1, 0)))


def test_headers_of_all_streams_are_one_compressed_text() -> None:
    encoder, inflater = Encoder(), zlib.decompressobj()
    for number, kind in ((1, "error"), (3, "stdin")):
        frame = encoder.open_stream(number, {"streamtype": kind})
        assert struct.unpack(">HHI", frame[:8])[:2] == (0x8003, 1)
        assert struct.unpack(">I", frame[8:12]) == (number,)
        told = struct.pack(">II", 1, 10) + b"streamtype" + struct.pack(">I", len(kind)) + kind.encode()
        assert inflater.decompress(frame[18:]) == told


@pytest.mark.parametrize(
    ("url", "error", "words"),
    [
        ("http://[", Temporary, "does not say where"),
        ("http://127.0.0.1:x/exec/1", Temporary, "does not say where"),
        ("http://127.0.0.1:8080/exec/\xff", Temporary, "does not say where"),
        ("", Temporary, "does not say where"),
        ("https://127.0.0.1:8080/exec/1", Permanent, "wants TLS"),
    ],
)
def test_a_place_that_cannot_be_reached_is_not_tried(url: str, error: type[PortError], words: str) -> None:
    with pytest.raises(error, match=f"edge-1: .*{words}"):
        connect(LocalLink("edge-1", "/no/socket"), url, "v4.channel.k8s.io", host="edge-1")


def status(code: str) -> bytes:
    causes = [{"reason": "ExitCode", "message": code}]
    return json.dumps({"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}).encode()


def test_exit_codes() -> None:
    assert exit_code(b'{"metadata":{},"status":"Success"}', host="h") == 0
    assert exit_code(status("137"), host="h") == 137


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "without telling how"),
        (b'{"status":"Failure","message":"no such file"}', "h: no such file"),
        (b"not json", "not known"),
        (b"[]", "not known"),
        (status("x"), "not known"),
    ],
)
def test_an_end_that_nobody_told_is_an_error(said: bytes, words: str) -> None:
    with pytest.raises(Temporary, match=words):
        exit_code(said, host="h")

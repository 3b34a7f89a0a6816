"""The frames of SPDY/3.1, as far as container runtimes use them: no library for it is kept up any more.

Headers are only ever sent: what a server replies with says nothing that is needed, so it is not even decompressed.
There is no flow control in the servers' implementation; TCP below does that work.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from agent.model.value import Value

_VERSION: Final = 0x8003
_SYN_STREAM, _SYN_REPLY, _RST_STREAM, _PING, _GOAWAY = 1, 2, 3, 6, 7
_FIN: Final = 1
_HEAD: Final = 8
_MOST_PAYLOAD: Final = 1 << 20
DATA_SIZE: Final = 32 * 1024
"""How much is put into one frame."""


class Frame(Value, frozen=True, kw_only=True):
    """What came: bytes of a stream or its end (``fin``), its ``reset``, a ``ping`` to answer, or the ``end`` of all."""

    kind: Literal["data", "reset", "ping", "end"]
    stream: int = 0
    content: bytes = b""
    fin: bool = False


class BadFrameError(Exception):
    """What came is not SPDY."""


class Encoder:
    """Makes frames. Streams have to be opened in the order of their numbers: all headers are one compressed text."""

    def __init__(self) -> None:
        # The preset dictionary may be left out: a reader takes it only when the compressed text refers to it.
        self._compressor = zlib.compressobj()

    def open_stream(self, number: int, headers: Mapping[str, str]) -> bytes:
        """Return the frame that opens a stream."""
        block = struct.pack(">I", len(headers)) + b"".join(
            _counted(name) + _counted(value) for name, value in headers.items()
        )
        packed = self._compressor.compress(block) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return _control(_SYN_STREAM, struct.pack(">IIH", number, 0, 0) + packed)


def _counted(text: str) -> bytes:
    encoded = text.encode()
    return struct.pack(">I", len(encoded)) + encoded


def data(number: int, content: bytes, *, fin: bool = False) -> bytes:
    """Return the frame with some bytes of a stream."""
    return struct.pack(">II", number, (_FIN if fin else 0) << 24 | len(content)) + content


def pong(ping: Frame) -> bytes:
    """Return the answer to a ping."""
    return _control(_PING, ping.content)


def _control(kind: int, payload: bytes) -> bytes:
    return struct.pack(">HHI", _VERSION, kind, len(payload)) + payload


class Decoder:
    """Cuts what comes into frames, however it was cut on the way."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, content: bytes) -> Iterator[Frame]:
        """Take bytes and yield the frames that are whole now. Raises BadFrameError."""
        self._rest += content
        while len(self._rest) >= _HEAD:
            first, second = struct.unpack_from(">II", self._rest)
            size = second & 0xFFFFFF
            if size > _MOST_PAYLOAD:
                raise BadFrameError(f"a frame of {size} bytes")
            if len(self._rest) < _HEAD + size:
                return
            payload = bytes(self._rest[_HEAD : _HEAD + size])
            del self._rest[: _HEAD + size]
            yield from _decoded(first, second >> 24, payload)


def _decoded(first: int, flags: int, payload: bytes) -> Iterator[Frame]:
    if not first & 0x80000000:
        yield Frame(kind="data", stream=first, content=payload, fin=bool(flags & _FIN))
        return
    if first >> 16 != _VERSION:
        raise BadFrameError(f"version {first >> 16 & 0x7FFF}")
    kind, number = first & 0xFFFF, int.from_bytes(payload[:4], "big")
    if kind == _RST_STREAM:
        yield Frame(kind="reset", stream=number)
    elif kind == _SYN_REPLY and flags & _FIN:
        yield Frame(kind="data", stream=number, fin=True)
    elif kind == _PING:
        yield Frame(kind="ping", content=payload)
    elif kind == _GOAWAY:
        yield Frame(kind="end")

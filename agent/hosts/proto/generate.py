"""Compile the .proto files to Python code and its type stubs, with the compiler that grpcio-tools brings."""

from pathlib import Path
from typing import Final

NAMES: Final = ("runtime_v1", "events", "tasks", "health")
ROOT: Final = Path(__file__).parents[3]
"""What proto paths are relative to: they name generated files in protobuf's one registry a process."""


def generate(into: Path) -> int:
    """Write ``NAME_pb2.py`` and ``NAME_pb2.pyi`` for every .proto file; return protoc's exit code."""
    from grpc_tools import protoc  # noqa: PLC0415 - a development tool, not there where the agent runs

    sources = (str((Path(__file__).parent / f"{name}.proto").relative_to(ROOT)) for name in NAMES)
    command = ["protoc", f"--proto_path={ROOT}", f"--python_out={into}", f"--pyi_out={into}", *sources]
    return int(protoc.main(command))

import re
from pathlib import Path

from agent.hosts.proto.generate import NAMES, ROOT, generate

# The compiler writes its own version there; what it compiled is the rest.
_VERSION = re.compile(r"# Protobuf Python Version: .*|^ +\d+,$", re.MULTILINE)


def test_generated_code_is_what_the_proto_files_say(tmp_path: Path) -> None:
    assert generate(tmp_path) == 0
    for name in NAMES:
        for suffix in ("_pb2.py", "_pb2.pyi"):
            path = Path("agent/hosts/proto") / f"{name}{suffix}"
            fresh, kept = (tmp_path / path).read_text(), (ROOT / path).read_text()
            assert _VERSION.sub("", fresh) == _VERSION.sub("", kept), "run: python -m agent.hosts.proto"

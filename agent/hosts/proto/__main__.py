"""Regenerate the protobuf code beside the .proto files: ``python -m agent.hosts.proto``."""

import sys

from agent.hosts.proto.generate import ROOT, generate

if __name__ == "__main__":
    sys.exit(generate(ROOT))

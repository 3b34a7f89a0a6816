"""Outputs kept as files that a person can read. ``UPDATE_GOLDEN=1 pytest tests/cli`` writes them anew."""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def assert_golden(file: str, text: str) -> None:
    path = FOLDER / file
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(f"{text}\n", encoding="utf-8")
    assert text == path.read_text(encoding="utf-8").removesuffix("\n")

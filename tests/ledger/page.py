"""The page docs/kubernetes-support.md, from the fields, the schemas' reasons and the data of the ledger."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import msgspec
import yaml

from tests.ledger.fields import KUBERNETES, Entry, every_field

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "kubernetes-support.md"
DATA: Final = Path(__file__).with_name("ledger.yaml")
MAIN: Final = (
    "PodSpec",
    "Container",
    "Probe",
    "Lifecycle",
    "PodSecurityContext",
    "SecurityContext",
    "ResourceRequirements",
)
"""The types whose share is counted."""
_REAL: Final = ("tests/e2e/", "tests/hosts/test_lab_", "tests/machines/")


class Ledger(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What people write down of fields that are taken: by type, then by field.

    ``honoured`` names the test that shows it, ``accepted`` says why it has no effect. ``aside`` are refused fields
    that nobody could honour without an API server or Windows: they do not count.
    """

    honoured: Mapping[str, Mapping[str, str]]
    accepted: Mapping[str, Mapping[str, str]]
    aside: Mapping[str, Mapping[str, str]]


def read_ledger() -> Ledger:
    """Return the data of the ledger."""
    data: Any = yaml.safe_load(DATA.read_text())
    return msgspec.convert(data, Ledger)


def share(ledger: Ledger, entries: Sequence[Entry]) -> tuple[int, int]:
    """Return how many fields of the main types are honoured, and of how many, those aside left out."""
    counted = [e for e in entries if e.type in MAIN and e.field not in ledger.aside.get(e.type, {})]
    honoured = [e for e in counted if e.refused is None and e.field in ledger.honoured.get(e.type, {})]
    return len(honoured), len(counted)


def render(ledger: Ledger, entries: Sequence[Entry]) -> str:
    """Return the whole page."""
    return "\n".join([*_head(ledger, entries), *_tables(ledger, entries)]) + "\n"


def _head(ledger: Ledger, entries: Sequence[Entry]) -> Iterator[str]:
    honoured, counted = share(ledger, entries)
    taken = [e for e in entries if e.refused is None]
    idle = [e for e in taken if e.field in ledger.accepted.get(e.type, {})]
    yield f"# What of Kubernetes {KUBERNETES} is honoured"
    yield ""
    yield "Made by `make docs` from Kubernetes' own definitions, the schemas and `tests/ledger/ledger.yaml`."
    yield ""
    yield f"**{honoured} of {counted} fields ({100 * honoured / counted:.0f} %)** are honoured of"
    yield f"{', '.join(MAIN[:-1])} and {MAIN[-1]}."
    yield "Aside are those that only Windows or an API server could honour; the tables say which and why."
    yield f"Of all {len(entries)} fields here, {len(taken) - len(idle)} are honoured, {len(idle)} accepted without"
    yield f"effect, {len(entries) - len(taken)} refused with their location."
    yield ""
    yield "The test shows the field on real hosts, in the containers or on containerd itself. *(unit)* marks what is"
    yield "shown without them: there the test shows what is planned, what containerd is told, or what is refused."


def _tables(ledger: Ledger, entries: Sequence[Entry]) -> Iterator[str]:
    for type_, fields in groupby(entries, key=lambda entry: entry.type):
        yield from ("", f"## {type_}", "", "| field | |", "|---|---|")
        for entry in fields:
            yield f"| `{entry.field}` | {_verdict(ledger, entry)} |"


def _verdict(ledger: Ledger, entry: Entry) -> str:
    if entry.refused is not None:
        aside = ledger.aside.get(entry.type, {}).get(entry.field)
        return f"refused: {entry.refused}" + (f" *(aside: {aside})*" if aside else "")
    idle = ledger.accepted.get(entry.type, {}).get(entry.field)
    if idle is not None:
        return f"accepted without effect: {idle}"
    test = ledger.honoured.get(entry.type, {}).get(entry.field, "")
    path, _, name = test.partition("::")
    return f"honoured: [{name}](../{path})" + ("" if path.startswith(_REAL) else " *(unit)*")


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(read_ledger(), every_field()))

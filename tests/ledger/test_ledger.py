"""Every field of Kubernetes is honoured and shown by a test, accepted with a reason, or refused with a reason."""

import ast
from functools import cache

import pytest

from tests.ledger.fields import Entry, every_field
from tests.ledger.page import PAGE, ROOT, read_ledger, render, share

ENTRIES = every_field()
LEDGER = read_ledger()
TAKEN = [entry for entry in ENTRIES if entry.refused is None]


@cache
def functions_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def said(part: str) -> set[str]:
    return {f"{type_}.{field}" for type_, fields in getattr(LEDGER, part).items() for field in fields}


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_field_has_its_place(entry: Entry) -> None:
    assert entry.known, f"{entry.name} is neither in the schemas nor refused by them"
    if entry.refused is None:
        places = [part for part in ("honoured", "accepted") if entry.name in said(part)]
        assert len(places) == 1, (
            f"{entry.name} is taken: say in ledger.yaml which test shows it, or why it has no effect"
        )
    else:
        assert entry.refused, f"{entry.name} is refused without a reason"


@pytest.mark.parametrize("name", sorted({test for fields in LEDGER.honoured.values() for test in fields.values()}))
def test_the_tests_are_there(name: str) -> None:
    path, _, function = name.partition("::")
    assert (ROOT / path).is_file(), name
    assert function in functions_in(path), name


def test_nothing_is_said_of_fields_that_are_not_there() -> None:
    taken = {entry.name for entry in TAKEN}
    assert said("honoured") | said("accepted") <= taken
    assert said("aside") <= {entry.name for entry in ENTRIES} - taken


def test_only_a_handful_has_no_effect() -> None:
    assert len(said("accepted")) <= 8


def test_at_least_95_of_100_are_honoured() -> None:
    honoured, counted = share(LEDGER, ENTRIES)
    assert honoured / counted >= 0.95, f"{honoured} of {counted}"


def test_the_page_is_what_the_ledger_says() -> None:
    assert PAGE.read_text() == render(LEDGER, ENTRIES), "run `make docs`"

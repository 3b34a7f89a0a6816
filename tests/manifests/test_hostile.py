"""Input that is meant to hurt is refused with a place and a reason, and costs little.

No time is asserted: without its bounds each of these would run out of memory, or not end.
"""

import pytest

from agent.manifests import Cache, load
from agent.manifests.limits import MAX_DEPTH, MAX_FILE_BYTES, MAX_FILES, MAX_PROBLEMS, MAX_WEIGHT
from agent.model.origin import Blob
from tests.manifests.repo import REVISION, load_files, load_text, shown

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
TOO_MANY = f"the document holds more than {MAX_WEIGHT} values"


def rules(text: str | bytes) -> set[str]:
    return {problem.rule for problem in load_text(text).problems}


def bomb(levels: int) -> str:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (bomb(30), "too-large"),
        (f"a: &a {'x' * 1_000_000}\nb: [{','.join(['*a'] * 100_000)}]", "too-large"),
        (
            "a: &a {"
            + ",".join(f"k{n}: 1" for n in range(1000))
            + "}\n"
            + "".join(f"b{n}: {{<<: *a}}\n" for n in range(9999)),
            "too-large",
        ),
        ("- a\n" * 500_000, "too-large"),
        ("---\n" * 500_000, "too-large"),
        (b"a" * (MAX_FILE_BYTES + 1), "too-large"),
        ("[" * 1_000_000, "too-deep"),
        ("{a: " * 500_000, "too-deep"),
        ("- " * 1_000_000, "too-deep"),
        ("? " * 1_000_000, "too-deep"),
        (MAP + "\0", "not-text"),
        (MAP.encode("utf-16"), "not-text"),
        (MAP.encode() + b"data: {a: \xff}", "not-text"),
        (MAP + "data: &a [*a]", "yaml-syntax"),
        ("a: b: " * 100_000, "yaml-syntax"),
        ("'" + "\n" * 1_000_000, "yaml-syntax"),
        (MAP + "immutable: " + "9" * 1_000_000, "wrong-type"),
        (MAP + "immutable: 0x" + "f" * 1_000_000, "wrong-type"),
        (MAP + "immutable: 1e" + "9" * 1_000_000, "wrong-type"),
        (MAP.replace("{name: a}", "{name: " + "a-" * 500_000 + "}"), "bad-value"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_refused(text: str | bytes, rule: str) -> None:
    assert rules(text) == {rule}


def test_depth_is_allowed_up_to_its_limit() -> None:
    assert shown(load_text(MAP + "data: {a: " + "[" * (MAX_DEPTH - 2) + "]" * (MAX_DEPTH - 2) + "}")) == [
        "a.yaml:4:11 wrong-type: expected a text, found a list"
    ]


def test_thousands_of_faults_are_not_all_listed() -> None:
    loaded = load_text(MAP + "".join(f"field{n}: 1\n" for n in range(5_000)))
    assert [p.rule for p in loaded.problems] == [*["unknown-field"] * 50, "more-problems"]
    every_file_is_wrong = load_files({f"{n:05}.yaml": "text" for n in range(MAX_PROBLEMS + 100)})
    assert len(every_file_is_wrong.problems) == MAX_PROBLEMS + 1
    assert every_file_is_wrong.problems[-1].rule == "more-problems"


def test_a_large_file_is_not_even_read() -> None:
    blob = Blob(path="a.yaml", id="large", size=MAX_FILE_BYTES + 1)
    loaded = load(REVISION, [blob], lambda _: pytest.fail("read"), Cache())
    assert [p.rule for p in loaded.problems] == ["too-large"]


def test_too_many_files_are_not_read() -> None:
    blobs = [Blob(path=f"{n}.yaml", id="same", size=1) for n in range(MAX_FILES + 1)]
    loaded = load(REVISION, blobs, lambda _: pytest.fail("read"), Cache())
    assert [p.rule for p in loaded.problems] == ["too-large"]


def test_nothing_that_a_terminal_obeys_is_shown() -> None:
    nasty = '"a\\e[31m\\u202e\\n"'
    loaded = load_text(
        f"apiVersion: v1\nkind: {nasty}\nmetadata: {{name: {nasty}, {nasty}: 1}}\n{nasty}: 1\n{nasty}: 1\n"
    )
    text = "".join(f"{p.message}{p.object}{p.path}{p.hint}" for p in loaded.problems)
    assert len(loaded.problems) == 2
    assert text.isprintable()


def test_long_names_are_cut() -> None:
    long = "x" * 100_000
    loaded = load_text(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {long}}}\n? {long}\n: 1\nspec: {{containers: {long}}}\n"
    )
    assert loaded.problems
    assert all(len(f"{p.message}{p.object}{p.path}{p.hint}") < 2500 for p in loaded.problems)

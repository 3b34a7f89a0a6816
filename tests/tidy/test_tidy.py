"""Keeps the house tidy: what linters do not see."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for path in (ROOT / "agent").rglob("*.py") if not path.name.endswith(("_pb2.py", "_pb2_grpc.py")))
PURE = ("model", "manifests", "planner")
LONGEST_FILE = 400
LONGEST_FUNCTION = 70
CLOCKS = {("time", "time"), ("time", "monotonic"), ("datetime", "now"), ("datetime", "utcnow"), ("random", "random")}


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=_relative)
def test_a_file_has_one_subject(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=_relative)
def test_functions_are_short(path: Path) -> None:
    long = {
        node.name: node.end_lineno - node.lineno
        for node in ast.walk(_parse(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
        if node.end_lineno - node.lineno > LONGEST_FUNCTION
    }
    assert long == {}


def test_no_catch_all_module() -> None:
    assert [_relative(path) for path in SOURCES if path.stem in {"util", "utils", "helpers", "common", "misc"}] == []


def _clock_reads(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and (node.value.id, node.attr) in CLOCKS
        ):
            yield f"line {node.lineno}: {node.value.id}.{node.attr}"


@pytest.mark.parametrize("room", [*PURE, "reconciler"])
def test_no_clock_is_read_below_the_loops(room: str) -> None:
    found = {
        _relative(path): reads for path in SOURCES if room in path.parts and (reads := list(_clock_reads(_parse(path))))
    }
    assert found == {}


def _typed(path: Path) -> Iterator[str]:
    """Yield where a type is given to msgspec that it may meet for the first time there, on whichever thread."""
    tree = _parse(path)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    prepared = any(isinstance(one.func, ast.Name) and one.func.id == "prepare" for one in calls)
    for one in calls:
        called = ast.unparse(one.func)
        decodes = called == "msgspec.json.decode" and any(keyword.arg == "type" for keyword in one.keywords)
        if decodes or called == "msgspec.json.Decoder" or (called == "msgspec.convert" and not prepared):
            yield f"line {one.lineno}: {called}"


def test_msgspec_meets_types_when_modules_are_imported() -> None:
    """See agent/model/typed.py. Who calls ``conform`` has prepared the types."""
    but = {"agent/model/typed.py", "agent/manifests/conform.py"}
    found = {_relative(path): calls for path in SOURCES if (calls := list(_typed(path))) and _relative(path) not in but}
    assert found == {}


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(_parse(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_every_module_is_used() -> None:
    """A module that nothing imports, and nothing starts, is dead."""
    everything = [*SOURCES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "benchmarks").rglob("*.py"))]
    imported = {name for path in everything for name in _imported(path)}
    lazily = (ROOT / "agent/cli/__init__.py").read_text(encoding="utf-8")
    orphans = []
    for path in SOURCES:
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        started = path.name in {"__main__.py", "__init__.py"}
        if not started and module not in imported and f'"{path.stem}"' not in lazily and module not in lazily:
            orphans.append(module)
    assert orphans == []


def test_every_suppression_is_explained() -> None:
    bare = [
        f"{_relative(path)}:{number}"
        for path in SOURCES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ("# noqa" in line and ("# noqa:" not in line or line.rstrip().endswith(tuple("0123456789"))))
        or ("type: ignore" in line and ("type: ignore[" not in line or line.rstrip().endswith("]")))
    ]
    assert bare == [], "name the code and say why, on the same line"

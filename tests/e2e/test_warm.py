"""What tests start in place of the installed command says and does the same."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.fleet import TRIMTAB, common_environment
from tests.e2e.manifests import pod
from tests.e2e.warm import WarmCommand, warm_command


@pytest.fixture(scope="module")
def warm() -> Iterator[WarmCommand]:
    with warm_command(TRIMTAB, common_environment()) as warm:
        yield warm


def _started_both_ways(
    warm: WarmCommand, folder: Path, *arguments: str, stdin: str = ""
) -> tuple[subprocess.CompletedProcess[str], subprocess.CompletedProcess[str]]:
    env = {**common_environment(), "HOME": str(folder), "TRIMTAB_CONFIG": str(folder / "agent.yaml")}
    cold = subprocess.run(
        [TRIMTAB, *arguments], env=env, cwd=folder, input=stdin, capture_output=True, text=True, timeout=60, check=False
    )
    return warm.run(arguments, env=env, cwd=folder, stdin=stdin), cold


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("version",), 0),
        (("apply", "--help"), 0),
        (("aply",), 2),
        (("status",), 2),
        (("status", "--config", "other.yaml"), 2),
        (("validate", "there.yaml"), 0),
        (("validate", "elsewhere.yaml"), 2),
    ],
)
def test_a_verb_says_and_ends_as_the_installed_command(
    warm: WarmCommand, tmp_path: Path, arguments: tuple[str, ...], code: int
) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "there.yaml").write_text(pod(name))
        done, cold = _started_both_ways(warm, folder, *arguments)
        assert vars(done) == vars(cold)
        assert done.returncode == code


def test_a_verb_reads_and_says_more_than_a_pipe_holds(warm: WarmCommand, tmp_path: Path) -> None:
    wrong = "---\nkind: Nothing\n" * 5_000
    done, cold = _started_both_ways(warm, tmp_path, "validate", "-", stdin=wrong)
    assert vars(done) == vars(cold)
    assert len(done.stdout + done.stderr) > 1 << 17


def test_a_command_that_cannot_be_imported_says_why() -> None:
    with (
        pytest.raises(AssertionError, match="No module named 'encodings'"),
        warm_command(TRIMTAB, {"PYTHONHOME": "/nowhere"}),
    ):
        pass

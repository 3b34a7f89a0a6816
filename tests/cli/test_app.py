"""The command as a whole: its help, its start, and how it ends when something goes wrong."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from agent.cli import VERBS
from agent.cli import app as application
from agent.cli.app import app, imported
from agent.ports import Permanent

ROOT = Path(__file__).parents[2]


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "agent", *arguments],
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_every_verb_explains_itself(verb: str) -> None:
    result = CliRunner().invoke(app, [verb, "--help"])
    assert result.exit_code == 0, result.output
    assert "Usage" in result.output
    real = imported(verb)
    assert real.help, "a verb without help"


def test_the_list_of_verbs_says_what_each_is_for() -> None:
    shown = run("--help").stdout
    for name, verb in VERBS.items():
        assert name in shown
        assert verb.help.split()[0] in shown


def test_listing_and_completing_verbs_imports_none_of_them() -> None:
    script = (
        "import sys; from agent.cli import main\n"
        "sys.argv = ['trimtab', '--help']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'paramiko', 'grpc', 'git', 'structlog', 'yaml', 'prometheus_client', 'jsonschema_rs'}\n"
        "print(sorted(heavy & set(sys.modules)), sorted(m for m in sys.modules if m.startswith('agent.hosts')))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "[] []"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("trimtab ", {"diff", "status", "doctor"}),
        ("trimtab d", {"diff", "doctor"}),
        ("trimtab diff --re", {"--revision"}),
        ("trimtab get po", {"pods"}),
        ("trimtab host ", {"add"}),
    ],
)
def test_the_shell_completes_verbs_options_and_kinds(typed: str, expected: set[str]) -> None:
    done = run(
        _TRIMTAB_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=str(len(typed.split(" ")) - 1), TERM="dumb"
    )
    assert expected <= set(done.stdout.split()), done.stdout + done.stderr


def test_the_version_is_an_option_too() -> None:
    asked = run("--version")
    assert (asked.returncode, asked.stdout) == (0, run("version").stdout)
    assert asked.stdout.startswith("trimtab ")


def test_a_mistyped_verb_is_guessed() -> None:
    done = run("stauts")
    assert done.returncode == 2
    assert "status" in done.stderr


def test_an_error_is_two_lines_and_no_traceback() -> None:
    done = run("status", "--config", "/nonexistent/agent.yaml")
    assert done.returncode == 2
    assert done.stdout == ""
    error, hint = done.stderr.splitlines()
    assert error == "trimtab: error: there is no configuration at /nonexistent/agent.yaml"
    assert hint.startswith("hint: ")


@pytest.mark.parametrize("before", [True, False])
def test_config_is_taken_before_and_after_the_verb(before: bool) -> None:
    given = ("--config", "/nonexistent/mine.yaml")
    done = run(*given, "status") if before else run("status", *given)
    assert "/nonexistent/mine.yaml" in done.stderr


@pytest.mark.parametrize("before", [True, False])
def test_config_that_is_given_wins_over_the_environment(before: bool) -> None:
    given = ("--config", "/nonexistent/mine.yaml")
    words = (*given, "rollout", "status", "deploy/web") if before else ("rollout", "status", "deploy/web", *given)
    assert "/nonexistent/mine.yaml" in run(*words, TRIMTAB_CONFIG="/nonexistent/env.yaml").stderr


def test_config_comes_from_the_environment() -> None:
    assert "/nonexistent/env.yaml" in run("status", TRIMTAB_CONFIG="/nonexistent/env.yaml").stderr


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Permanent("no such thing\x1b[2J", hint="try\nthat"), 2, "trimtab: error: no such thing\\x1b[2J"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_a_verb_raises_ends_as_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, said: str
) -> None:
    broken = typer.Typer(add_completion=False)

    @broken.command()
    def version() -> None:
        raise error

    monkeypatch.setattr(application, "imported", lambda _verb: typer.main.get_command(broken))
    result = CliRunner().invoke(app, ["version"])
    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_a_reader_that_leaves_is_no_error() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "agent", "version"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=30) == 128 + signal.SIGPIPE

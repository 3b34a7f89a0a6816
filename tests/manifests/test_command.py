"""``trimtab validate`` as people call it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.manifests.repo import HOST

GOOD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
REFERS = (
    "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
    "spec: {containers: [{name: a, image: a}], volumes: [{name: v, configMap: {name: b}}]}\n"
)


def trimtab(*arguments: str, cwd: Path, stdin: str = "") -> tuple[int, str, str]:
    command = [sys.executable, "-m", "agent", "validate", *arguments]
    done = subprocess.run(command, cwd=cwd, input=stdin, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "apps").mkdir()
    (tmp_path / "hosts.yaml").write_text(HOST)
    (tmp_path / "apps/a.yaml").write_text(GOOD)
    return tmp_path


def test_a_valid_folder(source: Path) -> None:
    assert trimtab(cwd=source) == (0, "2 documents in 2 files: valid\n", "")
    assert trimtab(str(source), cwd=Path("/")) == (0, "2 documents in 2 files: valid\n", "")
    assert trimtab("-o", "github", cwd=source) == (0, "", "")


def test_problems_name_files_as_they_are_found_from_here(source: Path) -> None:
    (source / "apps/a.yaml").write_text("kind: Pood\n")
    code, out, _ = trimtab("apps", "hosts.yaml", cwd=source)
    assert (code, out.splitlines()[0].split(" ")[0]) == (1, "apps/a.yaml:1:7:")
    code, out, _ = trimtab(str(source / "apps"), "-o", "json", cwd=source)
    assert (code, json.loads(out)["problems"][0]["file"]) == (1, str(source / "apps/a.yaml"))


def test_a_folder_is_a_whole_source_and_a_file_a_part_of_one(source: Path) -> None:
    (source / "apps/a.yaml").write_text(REFERS)
    code, out, _ = trimtab("apps", cwd=source)
    assert (code, "declares no Host" in out, "ConfigMap default/b is not there" in out) == (1, True, True)
    assert trimtab("apps/a.yaml", cwd=source) == (0, "1 document in 1 file: valid\n", "")
    assert trimtab("-", cwd=source, stdin=REFERS) == (0, "1 document in 1 file: valid\n", "")


def test_standard_input(source: Path) -> None:
    code, out, _ = trimtab("-", cwd=source, stdin="kind: Pood\n")
    assert (code, out.splitlines()[0]) == (
        1,
        "<stdin>:1:7: error: unknown kind `Pood`, did you mean `Pod`? [unknown-kind]",
    )


def test_sarif(source: Path) -> None:
    code, out, _ = trimtab("-o", "sarif", cwd=source)
    assert (code, json.loads(out)["runs"][0]["results"]) == (0, [])


def test_links_out_of_the_folder_are_not_followed(source: Path) -> None:
    (source / "apps/passwd.yaml").symlink_to("/etc/passwd")
    code, out, _ = trimtab(cwd=source)
    assert (code, out.splitlines()[0].split(" [")[0]) == (
        1,
        "apps/passwd.yaml:1:1: error: symbolic links are not followed, wherever they lead",
    )


def test_a_revision_of_the_configured_source(source: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.com"]
        subprocess.run(["git", "-C", str(source), *identity, *arguments], check=True, capture_output=True)

    git("init", "--initial-branch=main")
    git("add", ".")
    git("commit", "-m", "good")
    git("tag", "good")
    (source / "apps/a.yaml").write_text("kind: Pood\n")
    git("commit", "-am", "bad")
    state = tmp_path_factory.mktemp("state")
    config = state / "agent.yaml"
    config.write_text(
        "apiVersion: trimtab.dev/v1alpha1\nkind: Agent\nmetadata: {name: a}\n"
        f"spec: {{source: {{url: {source}}}, stateDir: {state}}}\n"
    )
    code, out, err = trimtab("--revision", "good", "--config", str(config), cwd=state)
    assert (code, out, err) == (0, "2 documents in 2 files: valid\n", "")
    code, out, err = trimtab("--revision", "main", "--config", str(config), cwd=state)
    assert (code, out.splitlines()[0].split(" ")[0]) == (1, "apps/a.yaml:1:7:")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.yaml"], "cannot read nowhere.yaml: No such file or directory"),
        ([".", "-"], "- is no file of a source"),
        ([".", "--revision", "main"], "paths have no revisions"),
        (["--revision", "main", "--config", "nowhere"], "there is no configuration"),
    ],
)
def test_could_not_run(arguments: list[str], message: str, source: Path) -> None:
    code, out, err = trimtab(*arguments, cwd=source)
    assert (code, out) == (2, "")
    assert err.startswith(f"trimtab: error: {message}")
    assert "hint: " in err

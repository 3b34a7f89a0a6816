import re
from io import StringIO
from pathlib import Path
from typing import Annotated, Literal

import typer
from ruamel.yaml import YAML

from agent.cli import options
from agent.cli.config import DEFAULT, open_config
from agent.cli.render.checks import checks_lines, healthy
from agent.cli.render.escape import printable
from agent.cli.terminal import confirmed, paint
from agent.cli.verbs.host.known import known_hosts, refuse_address, refuse_key, refuse_name
from agent.cli.wiring import examine_host, scan_host_key
from agent.model.objects import Host, HostSpec, ObjectMeta, Ssh
from agent.model.objects.agent import AgentConfig, AgentSpec, SourceSpec
from agent.ports import Permanent

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_TARGET = re.compile(r"(?:(?P<user>[A-Za-z_][A-Za-z0-9_.-]{0,31})@)?(?P<address>[A-Za-z0-9][A-Za-z0-9_.:-]{0,254})")
_STANDARD_PORT = 22


def add(
    target: Annotated[str, typer.Argument(metavar="USER@ADDRESS", help="How the machine is reached over SSH.")],
    *,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="Its name. (default: ADDRESS)")] = None,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Its SSH port.")] = _STANDARD_PORT,
    become: Annotated[
        Literal["sudo"] | None, typer.Option("--become", help="How its user gets root's rights: passwordless sudo.")
    ] = None,
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="The source's folder.")] = Path(),
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take the key without asking.")] = False,
    config: options.Config = None,
) -> None:
    """Connect to a machine, confirm its key, examine it, and write hosts/NAME.yaml with the key pinned.

    Nothing is written when the machine is not fit to run pods (exit code 1), or is in the source already (exit code 2).
    """
    user, address = _split(target)
    called = _checked_name(name or address.lower())
    path = folder / "hosts" / f"{called}.yaml"
    if path.exists():
        raise Permanent(f"{path} is there already", hint="edit it, or choose another --name")
    known = known_hosts(folder)
    refuse_name(called, known)
    refuse_address(address, port, known)
    settings = _settings(config)
    key = scan_host_key(address, port, settings)
    refuse_key(str(key), known)
    typer.echo(f"{address} port {port} shows this key:\n\n  {printable(key.type)} {key.fingerprint}\n")
    if not yes:
        _confirm()
    ssh = Ssh(
        address=address,
        port=port if port != _STANDARD_PORT else None,
        user=user if user != settings.spec.ssh.user else None,
        become=become,
        host_key=str(key),
    )
    checks = examine_host(Host(metadata=ObjectMeta(name=called), spec=HostSpec(ssh=ssh)), settings)
    for line in checks_lines(checks, paint()):
        typer.echo(line)
    if not healthy(checks):
        typer.echo("\nNothing is written: mend the problems above, then try again.", err=True)
        raise typer.Exit(1)
    _write(path, manifest(called, ssh))
    typer.echo(f"\nwrote {path}; commit it to take {called} into the fleet")


def manifest(name: str, ssh: Ssh) -> str:
    """Return the Host's manifest, as a person would have written it."""
    said = {
        "address": ssh.address,
        "port": ssh.port,
        "user": ssh.user,
        "become": ssh.become,
        "hostKey": ssh.host_key,
    }
    document = {
        "apiVersion": "trimtab.dev/v1alpha1",
        "kind": "Host",
        "metadata": {"name": name},
        "spec": {"ssh": {key: value for key, value in said.items() if value is not None}},
    }
    yaml = YAML()
    yaml.width = 1000  # a key is one line
    text = StringIO()
    yaml.dump(document, text)
    return text.getvalue()


def _confirm() -> None:
    """Have a person compare the key. Raises Permanent where it is another, or nobody has."""
    typer.echo("On the machine's own console, `ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub` shows what it should be.")
    if not confirmed("Is it the same?"):
        raise Permanent(
            "it is another machine, or somebody in between: nothing is written",
            hint="check the address, then look at the key on the machine's own console",
        )


def _split(target: str) -> tuple[str | None, str]:
    match = _TARGET.fullmatch(target)
    if match is None:
        raise Permanent(f"{target!r} is not USER@ADDRESS", hint="such as root@10.0.0.11, or deploy@edge-1.example.com")
    return match["user"], match["address"]


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise Permanent(
            f"{name!r} cannot name a host", hint="choose one with --name: lower-case letters, digits, '-' and '.'"
        )
    return name


def _settings(given: Path | None) -> AgentConfig:
    """Return the configuration; a first host can be added before there is one."""
    if given is None and not DEFAULT.exists():
        return AgentConfig(metadata=ObjectMeta(name="trimtab"), spec=AgentSpec(source=SourceSpec(url=".")))
    return open_config(given)


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise Permanent(f"cannot write {path}: {error.strerror}", hint="see --dir") from error

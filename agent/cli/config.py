"""Where the agent's configuration is found, and what the files that it names really are."""

import os
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from agent.manifests import load_agent_config, locate
from agent.manifests.report import render_text
from agent.model.objects.agent import AgentConfig, Prometheus, SourceSpec, SshDefaults
from agent.model.origin import Location
from agent.model.problem import Problem
from agent.ports import Permanent

DEFAULT: Final = Path("/etc/trimtab/agent.yaml")
_LARGEST: Final = 1024 * 1024


def config_file(given: Path | None) -> Path:
    """Return where the configuration is: as given (an option or TRIMTAB_CONFIG), else where a service has it."""
    return (given or DEFAULT).absolute()


def open_config(given: Path | None, *, to_run: bool = False) -> AgentConfig:
    """Read and check the agent's configuration. Raises Permanent, with every problem, when it is not right.

    For who is ``to_run`` with it, the files that it names for SSH have to be there, too.
    """
    path = config_file(given)
    loaded = load_agent_config(str(path), content := _read(path))
    if isinstance(loaded, AgentConfig):
        config = _resolved(loaded, path.parent)
        loaded = missing_files(config, str(path), content) if to_run else ()
        if not loaded:
            return config
    raise Permanent(f"{path} is not right:\n{render_text(loaded)}", hint="correct it, then try again")


def check_config(path: Path, shown: str, content: bytes) -> tuple[Problem, ...]:
    """Return everything that is wrong with a configuration, and with the files that it names for SSH."""
    loaded = load_agent_config(shown, content)
    if not isinstance(loaded, AgentConfig):
        return loaded
    return missing_files(_resolved(loaded, path.absolute().parent), shown, content)


def missing_files(config: AgentConfig, shown: str, content: bytes) -> tuple[Problem, ...]:
    """Return a problem for each file that a configuration names for SSH and that is not there."""
    ssh = config.spec.ssh
    named = {
        "identityFile": ssh.identity_file,
        "knownHostsFile": ssh.known_hosts_file,
        "configFile": ssh.config_file,
    }
    found = []
    for field, file in named.items():
        if file is not None and not _is_there(Path(file)):
            field_path = f"spec.ssh.{field}"
            mark = locate(content, 0, field_path)
            found.append(
                Problem(
                    location=Location(file=shown, line=mark.line, column=mark.column),
                    rule="missing-file",
                    message=f"there is no file {file}",
                    object=f"Agent {config.metadata.name}",
                    path=field_path,
                    hint="put it there, or name another; a relative one is a systemd credential, or beside this file",
                )
            )
    return tuple(found)


def _is_there(path: Path) -> bool:
    """Tell whether a file is there, as far as this user may know."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except FileNotFoundError as error:
        raise Permanent(
            f"there is no configuration at {path}",
            hint="name one with --config or TRIMTAB_CONFIG, or let `trimtab init` write a first one",
        ) from error
    except OSError as error:
        raise Permanent(
            f"cannot read {path}: {error.strerror}",
            hint="run as the user that the agent runs as" if isinstance(error, PermissionError) else "name a file",
        ) from error
    if len(content) > _LARGEST:
        raise Permanent(f"{path} is larger than {_LARGEST} bytes", hint="is it the agent's configuration?")
    return content


def _resolved(config: AgentConfig, folder: Path) -> AgentConfig:
    spec = config.spec
    return replace(
        config,
        spec=replace(
            spec,
            source=_source(spec.source, folder),
            ssh=_ssh(spec.ssh, folder),
            state_dir=str(folder / Path(spec.state_dir).expanduser()),
            prometheus=spec.prometheus and _prometheus(spec.prometheus, folder),
        ),
    )


def _source(source: SourceSpec, folder: Path) -> SourceSpec:
    return replace(
        source,
        url=_local(source.url, folder),
        identity_file=named_file(source.identity_file, folder),
        known_hosts_file=named_file(source.known_hosts_file, folder),
        token_file=named_file(source.token_file, folder),
    )


def _ssh(ssh: SshDefaults, folder: Path) -> SshDefaults:
    return replace(
        ssh,
        identity_file=named_file(ssh.identity_file, folder),
        known_hosts_file=named_file(ssh.known_hosts_file, folder),
        config_file=named_file(ssh.config_file, folder),
    )


def _prometheus(prometheus: Prometheus, folder: Path) -> Prometheus:
    token, trusted = named_file(prometheus.token_file, folder), named_file(prometheus.ca_file, folder)
    return replace(prometheus, token_file=token, ca_file=trusted)


def named_file(written: str | None, folder: Path) -> str | None:
    """Return the file that is meant: a relative one is a systemd credential, or stands beside the configuration."""
    if written is None:
        return None
    path = Path(written).expanduser()
    if path.is_absolute():
        return str(path)
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and (Path(credentials) / path).exists():
        return str(Path(credentials) / path)
    return str(folder / path)


def _local(url: str, folder: Path) -> str:
    """Return a source's URL; a relative path (``.``, ``../fleet``, ``~/fleet``) is beside the configuration."""
    if url in {".", ".."} or url.startswith(("./", "../", "~/")):
        return str((folder / Path(url).expanduser()).resolve())
    return url

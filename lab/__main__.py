"""The lab's command line: `python -m lab up`, then misuse the hosts, then `python -m lab down`."""

import argparse
import os
import sys
import time
from collections.abc import Callable

from lab import cleanup, packages
from lab.errors import LabError
from lab.fleet import Lab
from lab.host import SERVICES, LabHost, Service
from lab.state import known_labs, load, paths_for

_SERVICE_OF: dict[str, Service] = {name: name for name in SERVICES}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code; what a user can mend is told without a traceback."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.do(options)
    except LabError as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 1
    except PermissionError as problem:
        print(f"lab: {problem}: the lab needs root, run it with sudo", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m lab",
        description="Real containerd hosts on this one Linux machine, to try, test and misuse trimtab on.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, does: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.add_argument("--name", default="tt", help="which lab (default: %(default)s)")
        added.set_defaults(do=does)
        return added

    up = command("up", _up, "start a lab and say how to reach its hosts")
    up.add_argument("--hosts", type=int, default=3, help="how many hosts (default: %(default)s)")
    up.add_argument(
        "--release",
        action="append",
        default=[],
        help="Debian release of the hosts, such as trixie; several: hosts take them in turn (default: this machine's)",
    )
    up.add_argument("--pod-routes", action="store_true", help="let each host reach the pods of the others")
    up.add_argument("--replace", action="store_true", help="remove a running lab of that name first")
    command("down", _down, "remove a lab completely, also a crashed one")
    command("status", _status, "show the hosts and services of a lab")
    config = command("ssh-config", _ssh_config, "print an OpenSSH configuration for the hosts")
    config.add_argument("--user", default="root", choices=("root", "op"), help="log in as (default: %(default)s)")
    shell = command("exec", _exec, "run a command on a host, past SSH: exec h1 -- crictl ps")
    shell.add_argument("host")
    shell.add_argument("command", nargs=argparse.REMAINDER, help="left out: a shell")
    for name, text in (
        ("cut", "pull the network cable of a host"),
        ("mend", "put the network cable of a host back"),
        ("reboot", "pull the power plug of a host and put it back"),
    ):
        command(name, _host_command(name), text).add_argument("host")
    for name, text in (
        ("kill", "end a service as a crash does (SIGKILL)"),
        ("stop", "end a service as an init system does (SIGTERM)"),
        ("start", "start a service again"),
    ):
        added = command(name, _service_command(name), text)
        added.add_argument("host", help="a host, or `registry`")
        added.add_argument("service", nargs="?", choices=SERVICES, default="containerd")
    return parser


def _up(options: argparse.Namespace) -> int:
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - began:5.1f} s  {text}", flush=True)

    lab = Lab.up(
        options.hosts,
        options.name,
        from_releases=options.release,
        pod_routes=options.pod_routes,
        detached=True,
        replace_running=options.replace,
        say=say,
    )
    config = lab.paths.state / "ssh_config"
    config.write_text(lab.ssh_config())
    say(f"lab {lab.name} is up")
    first = lab.hosts[0].name
    images = ", ".join(lab.images.reference(*image) for image in (("web", "1.0"), ("app", "1.0")))
    named = "" if options.name == "tt" else f" --name {options.name}"
    print(
        f"\n  log in          ssh -F {config} {first}\n"
        f"  past SSH        python -m lab exec{named} {first} -- ctr -n k8s.io containers ls\n"
        f"  images          {images}, …\n"
        f"  misuse          python -m lab cut|mend|reboot{named} {first}; kill|stop|start{named} {first} containerd\n"
        f"  remove          python -m lab down{named}"
    )
    return 0


def _down(options: argparse.Namespace) -> int:
    paths = paths_for(options.name)
    packages.check_root()
    if not cleanup.leftovers(paths):
        others = [name for name in known_labs() if name != options.name]
        print(f"lab {options.name} is not up" + (f"; these are: {', '.join(others)}" if others else ""))
        return 0
    cleanup.locked_remove(paths)
    print(f"lab {options.name} is gone")
    return 0


def _status(options: argparse.Namespace) -> int:
    if load(paths_for(options.name)) is None:
        others = known_labs()
        print(f"lab {options.name} is not up" + (f"; these are: {', '.join(others)}" if others else ""))
        return 1
    lab = Lab.attach(options.name)
    registry = "serves" if lab.registry_running else "STOPPED"
    print(f"lab {lab.name}: registry {lab.registry} {registry}; identity {lab.identity_file}")
    for host in lab.hosts:
        print(f"  {host.name:5} {host.address:14} {_describe(host)}")
    return 0


def _describe(host: LabHost) -> str:
    if host.init is None:
        return "OFF"
    states = [f"{service} {'runs' if host.is_running(service) else 'STOPPED'}" for service in SERVICES]
    return ", ".join(["CUT OFF" if host.is_cut else "connected", *states])


def _ssh_config(options: argparse.Namespace) -> int:
    print(Lab.attach(options.name).ssh_config(options.user), end="")
    return 0


def _exec(options: argparse.Namespace) -> int:
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    entering = Lab.attach(options.name).host(options.host).entering(*(command or ["sh", "-i"]))
    os.chdir("/")
    os.execvp(entering[0], entering)  # noqa: S606 - becoming the command keeps its terminal and its exit code


def _host_command(name: str) -> Callable[[argparse.Namespace], int]:
    def do(options: argparse.Namespace) -> int:
        host = Lab.attach(options.name).host(options.host)
        {"cut": host.cut, "mend": host.mend, "reboot": host.reboot}[name]()
        print(f"{host.name}: {_describe(host)}")
        return 0

    return do


def _service_command(name: str) -> Callable[[argparse.Namespace], int]:
    def do(options: argparse.Namespace) -> int:
        lab = Lab.attach(options.name)
        if options.host == "registry":
            (lab.start_registry if name == "start" else lab.stop_registry)()
            print(f"registry: {'serves' if lab.registry_running else 'STOPPED'}")
            return 0
        host = lab.host(options.host)
        {"kill": host.kill, "stop": host.stop, "start": host.start}[name](_SERVICE_OF[options.service])
        print(f"{host.name}: {_describe(host)}")
        return 0

    return do


if __name__ == "__main__":
    sys.exit(main())

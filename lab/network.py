"""The network of a lab: a switch in a namespace of its own, one link to the machine, one to each host.

The switch is not a bridge of the machine: its firewall rules (Docker's, say) do not apply there, and everything in it
goes away with the process that holds the namespace.
"""

import contextlib
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabError
from lab.processes import Process, run, wait_for


@dataclass(frozen=True)
class Subnet:
    """The addresses of one lab: a number tells all of them apart from those of other labs."""

    number: int

    @property
    def v4(self) -> ipaddress.IPv4Network:
        """The network that hosts, registry and machine meet in."""
        return ipaddress.IPv4Network(f"10.99.{self.number}.0/24")

    @property
    def v6(self) -> ipaddress.IPv6Network:
        """The same, IPv6."""
        return ipaddress.IPv6Network(f"fd99:0:0:{self.number:x}::/64")

    @property
    def gateway(self) -> str:
        """Address of the switch itself, where the registry listens."""
        return str(self.v4[1])

    def both(self, index: int) -> tuple[str, str]:
        """Return the IPv4 and the IPv6 address of the given number, with their prefix lengths."""
        return f"{self.v4[index]}/{self.v4.prefixlen}", f"{self.v6[index]}/{self.v6.prefixlen}"


MACHINE = 254
FIRST_HOST = 11
MOST_HOSTS = 200


def pod_ranges(index: int) -> tuple[str, str]:
    """Where the pods of the nth host of a lab get their addresses; the same in every lab, which cannot meet."""
    return f"10.88.{index}.0/24", f"fd88:0:0:{index:x}::/64"


def link_name(lab: str) -> str:
    """Return the one link of a lab that the machine sees."""
    return f"{lab}-lab"


def _alias(state: Path) -> str:
    """Mark a link as the property of the lab that lives in this folder."""
    return f"trimtab-lab:{state}"


def inside(process: Process, *command: str) -> list[str]:
    """Run a command of the machine in the network namespace of a process."""
    return ["nsenter", f"--net=/proc/{process.pid}/ns/net", *command]


def _batch(lines: list[str], where: Process | None = None) -> None:
    command = ["ip", "-batch", "-"]
    run(inside(where, *command) if where else command, "\n".join(lines).encode())


def free_subnet() -> Subnet:
    """Choose the first subnet that overlaps no address and no route of this machine."""
    routes = json.loads(run(["ip", "-4", "-j", "route", "show", "table", "all"]) or "[]")
    used = [ipaddress.IPv4Network(route["dst"], strict=False) for route in routes if route["dst"] != "default"]
    for number in range(256):
        subnet = Subnet(number)
        if not any(network.prefixlen >= 8 and network.overlaps(subnet.v4) for network in used):
            return subnet
    raise LabError("no free subnet: every one of 10.99.0.0/24 … 10.99.255.0/24 has a route on this machine already")


def _owner_mark(lab: str) -> str | None:
    """Return what the link of the lab's name says about its owner, None when there is no such link."""
    for link in json.loads(run(["ip", "-j", "link", "show"])):
        if link["ifname"] == link_name(lab):
            return str(link.get("ifalias", ""))
    return None


def owned_link(lab: str, state: Path) -> bool:
    """Whether the lab's link is there; a link of that name that somebody else made does not count."""
    return _owner_mark(lab) == _alias(state)


def refuse_foreign_link(lab: str, state: Path) -> None:
    """Stop before anything is started when the link name is taken."""
    if _owner_mark(lab) not in {None, _alias(state)}:
        raise LabError(f"this machine has another link named {link_name(lab)}: choose another --name")


def remove_link(lab: str, state: Path) -> None:
    """Take the machine's link away at once; the rest of the switch goes with its namespace."""

    def gone() -> bool:
        # The kernel may be quicker: the link also goes when the switch's namespace ends.
        with contextlib.suppress(LabError):
            run(["ip", "link", "del", link_name(lab)])
        return not owned_link(lab, state)

    if owned_link(lab, state):
        wait_for(f"removing link {link_name(lab)}", gone)


def _card(subnet: Subnet, index: int) -> str:
    """Return the link address of a host, 0 for the switch: the same at every boot."""
    return f"02:00:0a:63:{subnet.number:02x}:{index:02x}"


def build_switch(lab: str, state: Path, subnet: Subnet, switch: Process) -> None:
    """Make the bridge inside the switch and plug the machine into it."""
    v4, v6 = subnet.both(1)
    machine4, machine6 = subnet.both(MACHINE)
    name = link_name(lab)
    # Left to itself a bridge takes the lowest address of its ports, so a new one each time a host is plugged in, and
    # whoever remembers the old one talks to nobody for a while.
    _batch(
        [
            "link set lo up",
            f"link add br0 address {_card(subnet, 0)} type bridge forward_delay 0",
            f"addr add {v4} dev br0",
            f"addr add {v6} dev br0 nodad",
            "link set br0 up",
        ],
        switch,
    )
    _batch(
        [
            f"link add {name} type veth peer name machine netns {switch.pid}",
            f"link set {name} alias {_alias(state)}",
            f"addr add {machine4} dev {name}",
            f"addr add {machine6} dev {name} nodad",
            f"link set {name} up",
        ]
    )
    _batch(["link set machine master br0", "link set machine up"], switch)


def plug(switch: Process, host: Process, port: str, index: int, subnet: Subnet, *, up: bool) -> None:
    """Connect a freshly booted host with the switch, its cable in or (still) out."""
    v4, v6 = subnet.both(FIRST_HOST + index - 1)
    # The same network card after each boot: neighbours that remember its address reach it at once.
    _batch(
        [
            f"link add {port} type veth peer name eth0 address {_card(subnet, index)} netns {host.pid}",
            f"link set {port} master br0",
            f"link set {port} {'up' if up else 'down'}",
        ],
        switch,
    )
    _batch(
        [
            f"addr add {v4} dev eth0",
            f"addr add {v6} dev eth0 nodad",
            "link set eth0 up",
            f"route add default via {subnet.v4[1]}",
            f"route add default via {subnet.v6[1]}",
        ],
        host,
    )


def unplug(switch: Process, port: str) -> None:
    """Take a host's cable away before its namespace lingers with the address."""
    links = json.loads(run(inside(switch, "ip", "-j", "link", "show")))
    if any(link["ifname"] == port for link in links):
        run(inside(switch, "ip", "link", "del", port))


def set_port(switch: Process, port: str, *, up: bool) -> None:
    """Pull the cable of a host, or put it back."""
    run(inside(switch, "ip", "link", "set", port, "up" if up else "down"))


def route_pods(host: Process, index: int, hosts: int, subnet: Subnet) -> None:
    """Let a host reach the pods of the others, as a routed data centre network would."""
    lines = []
    for other in range(1, hosts + 1):
        if other != index:
            v4, v6 = pod_ranges(other)
            at = FIRST_HOST + other - 1
            lines += [f"route replace {v4} via {subnet.v4[at]}", f"route replace {v6} via {subnet.v6[at]}"]
    if lines:
        _batch(lines, host)

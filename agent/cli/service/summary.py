from agent.reconciler.reporting.snapshot import Snapshot


def one_line(snapshot: Snapshot) -> str:
    """Return the agent's state in one line, as ``systemctl status`` shows it."""
    fleet = snapshot.fleet
    seen = sum(host.seen for host in snapshot.hosts)
    ready = sum(status.phase == "Ready" for status in fleet.statuses)
    parts = [
        f"{fleet.in_force.short} in force" if fleet.in_force else "nothing in force",
        f"{seen}/{len(snapshot.hosts)} hosts seen",
        f"{ready}/{len(fleet.statuses)} objects ready",
        f"{fleet.refused[:12]} refused" if fleet.refused else "",
        f"{fleet.held[:12]} held" if fleet.held else "",
        f"source cannot be read: {snapshot.source.error}" if snapshot.source.error else "",
    ]
    return ", ".join(part for part in parts if part)


def under_way(snapshot: Snapshot) -> list[str]:
    """Return what is being done on hosts: ``create default/web-0 on edge-1``."""
    return [f"{one.verb} {one.pod} on {host.name}" for host in snapshot.hosts for one in host.in_flight]

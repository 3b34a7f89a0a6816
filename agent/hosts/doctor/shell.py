"""The doctor's line on a user that may log in and can run nothing: a login shell that says no, or sudo."""

from typing import Final

from agent.hosts.doctor.check import Check
from agent.hosts.link import Finished
from agent.hosts.ssh.config import resolve
from agent.model.objects.agent import SshDefaults
from agent.model.objects.host import Host

_LONGEST: Final = 200


def shell_check(done: Finished, declared: Host, defaults: SshDefaults) -> Check | None:
    """Return a problem where the host ran nothing of a script that tells the user's id first; None where it did."""
    ssh = declared.spec.ssh
    if ssh is None or b"uid " in done.output:
        return None
    user = resolve(declared.metadata.name, ssh, defaults).user
    words = " ".join(f"{done.output.decode(errors='replace')} {done.error}".split())[:_LONGEST]
    said = f": it says {words!r}" if words else f": it ends with code {done.code} and says nothing"
    if ssh.become and "sudo" in done.error:
        return Check(
            name="rights",
            status="problem",
            message=f"user {user} cannot become root with sudo{said}",
            hint=f"allow it without a password, say in /etc/sudoers.d/trimtab: {user} ALL=(root) NOPASSWD: ALL",
        )
    return Check(
        name="shell",
        status="problem",
        message=f"user {user} is let in, but its login shell runs no commands{said}",
        hint=f"give it one on the host (usermod --shell /bin/sh {user}), or name another user in spec.ssh of the Host; "
        "see also that authorized_keys or sshd (ForceCommand) puts no other command in its place",
    )

"""The file that a pod's containers see as /etc/hosts."""

from typing import Final

from agent.hosts.execute.context import Context
from agent.hosts.files.paths import check_etc_hosts
from agent.model.action import WriteEtcHosts
from agent.model.etc_hosts import etc_hosts
from agent.ports import Temporary

# In place: containers have this very file mounted, and another one of that name would not be theirs. What is printed
# to a full disk fails without a word from the shell; cat says why. A new file, which every pod has once, takes no
# process of its own.
_SCRIPT: Final = """
umask 077
[ -d "${1%/*}" ] || mkdir -p -- "${1%/*}" || exit 1
[ ! -L "$1" ] || rm -f -- "$1"
[ ! -e "$1" ] || chmod 0644 -- "$1" || exit 1
umask 022
printf %s "$2" >"$1" || printf %s "$2" | cat >"$1" || exit 1
"""


def write_etc_hosts(context: Context, step: WriteEtcHosts) -> None:
    """Write the file, for the addresses that are named or those of the action's own sandbox. Raises PortError."""
    known = step.ips or step.entry.of_host is not None
    ips = step.ips if known else context.ips(context.sandbox(None))
    done = context.link.quick(_SCRIPT, check_etc_hosts(step.path), etc_hosts(step.entry, ips))
    if done.code:
        raise Temporary(f"{step.path} cannot be written: {done.error[:300]}")

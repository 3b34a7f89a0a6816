"""A pod's /etc/hosts, written again where it is not what it should be."""

import hashlib

from agent.model.action import Action, WriteEtcHosts
from agent.model.etc_hosts import etc_hosts
from agent.planner.host.identity import etc_hosts_path
from agent.planner.host.view import HostView, Subject, drift

_DRIFTED = "hosts file drifted"


def update_etc_hosts(subject: Subject, view: HostView) -> tuple[Action, ...]:
    """Return the action that writes the file in place; none when it is as it should be."""
    wanted, pod = subject.wanted, subject.observed
    if wanted is None or pod is None or wanted.etc_hosts is None:
        return ()
    if wanted.etc_hosts.of_host is None and not pod.sandbox.ips:
        return ()
    path, ips = etc_hosts_path(wanted.uid), pod.sandbox.ips
    found = view.seen.files.get(path)
    text = etc_hosts(wanted.etc_hosts, ips)
    if found is not None and found.sha256 == hashlib.sha256(text.encode()).hexdigest():
        return ()
    action = Action(
        id=f"update {subject.key} hosts",
        verb="update",
        pod=subject.key,
        uid=wanted.uid,
        rule=_DRIFTED,
        cause=drift(view, _DRIFTED, "its /etc/hosts is not there" if found is None else "its /etc/hosts was changed"),
        consequence="in place",
        steps=(WriteEtcHosts(path=path, entry=wanted.etc_hosts, ips=ips),),
    )
    return (action,)

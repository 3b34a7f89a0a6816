"""Whether a container runs what it should.

What is not compared: attempt, log path, most labels and annotations (they keep the books, or cannot be changed), mounts
that every pod has, which paths exactly are masked and read-only, and what the host adds by itself (a release may learn
more of each: no reason to restart anything).
"""

from typing import Final

from agent.model.cri import ContainerConfig, ContainerSecurity, LinuxResources, Mount
from agent.model.labels import LIFECYCLE, NON_ROOT, PODS_DIR, POST_START, PROBES, TERMINATION_MESSAGE
from agent.model.value import Text, reveal
from agent.planner.host.rendering.qos import qos_of_score

_PODS: Final = f"{PODS_DIR}/"
_DEFAULT_MESSAGE: Final = "/dev/termination-log File"


def alike(desired: ContainerConfig, live: ContainerConfig) -> bool:
    """Tell whether a container runs what it should. Quick: this is asked for every container in every pass."""
    return (
        desired.image == live.image
        and same_texts(desired.command, live.command)
        and same_texts(desired.args, live.args)
        and desired.working_dir == live.working_dir
        and same_mounts(desired.mounts, live.mounts)
        and desired.stdin == live.stdin
        and desired.stdin_once == live.stdin_once
        and desired.tty == live.tty
        and desired.stop_signal == live.stop_signal
        and same_resources(desired.resources, live.resources)
        and (desired.security == live.security or same_security(desired.security, live.security))
        and _same_annotations(desired, live)
        and (
            desired.envs == live.envs
            or {one.name: reveal(one.value) for one in desired.envs}
            == {one.name: reveal(one.value) for one in live.envs}
        )
    )


def same_texts(desired: tuple[Text, ...], live: tuple[Text, ...]) -> bool:
    """Tell whether texts say the same, from a Secret or not."""
    return desired == live or [reveal(text) for text in desired] == [reveal(text) for text in live]


def same_mounts(desired: tuple[Mount, ...], live: tuple[Mount, ...]) -> bool:
    """Tell whether the same is mounted, leaving out what every pod has."""
    if desired == live:
        return True
    asked, there = own_mounts(desired), own_mounts(live)
    return asked == there or sorted(map(mounted, asked)) == sorted(map(mounted, there))


def own_mounts(mounts: tuple[Mount, ...]) -> list[Mount]:
    """Return the mounts that the manifest asks for: not the hosts file and the termination message."""
    return [one for one in mounts if not _of_every_pod(one.host_path)]


def _of_every_pod(path: str) -> bool:
    if not (path.endswith("/etc-hosts") or "/containers/" in path) or not path.startswith(_PODS):
        return False
    _, _, inside = path[len(_PODS) :].partition("/")
    return inside == "etc-hosts" or inside.startswith("containers/")


def mounted(mount: Mount) -> tuple[str, str, bool, str, bool, str]:
    """Return what of a mount the runtime tells again."""
    return (
        mount.container_path,
        mount.host_path,
        mount.readonly,
        mount.propagation,
        mount.recursive_read_only,
        mount.image,
    )


def same_resources(desired: LinuxResources, live: LinuxResources) -> bool:
    """Tell whether the same limits are in force.

    A score for the OOM killer is compared by the class of pods that has it: within one it follows from the memory that
    is asked for, which may change without a restart, and from the host's memory, whose reading may move a little.
    """
    return desired == live or (
        desired.cpu_quota == live.cpu_quota
        and desired.cpu_shares == live.cpu_shares
        and desired.memory_limit_in_bytes == live.memory_limit_in_bytes
        and qos_of_score(desired.oom_score_adj) == qos_of_score(live.oom_score_adj)
        and hugepages(desired) == hugepages(live)
    )


def hugepages(resources: LinuxResources) -> dict[str, int]:
    """Return the huge pages that are asked for, by size."""
    return {one.page_size: one.limit for one in resources.hugepage_limits if one.limit}


def same_security(desired: ContainerSecurity, live: ContainerSecurity) -> bool:
    """Tell whether privileges are the same. Which namespaces it is in, its sandbox decides."""
    return _security(desired, image_decides=False) == _security(live, image_decides=user_of_image(desired))


def user_of_image(desired: ContainerSecurity) -> bool:
    """Tell whether the image names the user where the manifest names but a group."""
    return desired.run_as_group is not None and desired.run_as_user is None


def _security(security: ContainerSecurity, *, image_decides: bool) -> tuple[object, ...]:
    return (
        security.privileged,
        security.readonly_rootfs,
        None if image_decides else security.run_as_user,
        "" if image_decides else security.run_as_username,
        security.run_as_group,
        security.no_new_privs,
        security.add_capabilities,
        security.drop_capabilities,
        security.supplemental_groups,
        security.supplemental_groups_policy,
        security.seccomp,
        security.apparmor,
        security.selinux,
        bool(security.masked_paths),
    )


def _same_annotations(desired: ContainerConfig, live: ContainerConfig) -> bool:
    asked, there = desired.annotations, live.annotations
    return (
        asked.get(PROBES) == there.get(PROBES)
        and asked.get(LIFECYCLE) == there.get(LIFECYCLE)
        and asked.get(POST_START) == there.get(POST_START)
        and asked.get(NON_ROOT) == there.get(NON_ROOT)
        and message(desired) == message(live)
    )


def message(config: ContainerConfig) -> str:
    """Return where a container says why it ends, and how; an earlier release did not write it down."""
    return config.annotations.get(TERMINATION_MESSAGE) or _DEFAULT_MESSAGE

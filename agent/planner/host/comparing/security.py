"""Privileges that differ: at the container's path, whether the container or its pod asks for them."""

from collections.abc import Iterator

from agent.model.cri import ContainerSecurity, Profile
from agent.model.difference import Difference
from agent.model.labels import SECCOMP_DIR
from agent.model.objects.pod import PodSpec
from agent.planner.host.comparing.alike import user_of_image
from agent.planner.host.comparing.words import flag, label, number, plain, several

_PROFILES = {"runtime-default": "RuntimeDefault", "unconfined": "Unconfined", "localhost": "Localhost"}


def security(path: str, old: ContainerSecurity, new: ContainerSecurity, spec: PodSpec) -> Iterator[Difference]:
    """Yield the privileges that differ."""
    at = f"{path}.securityContext"
    yield from flag(f"{at}.privileged", old=old.privileged, new=new.privileged)
    yield from flag(f"{at}.readOnlyRootFilesystem", old=old.readonly_rootfs, new=new.readonly_rootfs)
    yield from flag(f"{at}.allowPrivilegeEscalation", old=not old.no_new_privs, new=not new.no_new_privs)
    if not user_of_image(new):
        yield from plain(f"{at}.runAsUser", _user(old), _user(new))
    yield from number(f"{at}.runAsGroup", old.run_as_group, new.run_as_group)
    yield from several(f"{at}.capabilities.add", old.add_capabilities, new.add_capabilities)
    yield from several(f"{at}.capabilities.drop", old.drop_capabilities, new.drop_capabilities)
    if old.privileged == new.privileged:
        yield from plain(f"{at}.procMount", _proc(old), _proc(new))
    yield from plain(f"{at}.seccompProfile", _profile(old.seccomp), _profile(new.seccomp))
    yield from plain(f"{at}.appArmorProfile", _profile(old.apparmor), _profile(new.apparmor))
    yield from plain(f"{at}.seLinuxOptions", label(old.selinux), label(new.selinux))
    of_pod = f"{path.rpartition('.')[0]}.securityContext"
    groups = "fsGroup" if spec.security_context is not None and _fs_group_only(spec) else "supplementalGroups"
    yield from several(f"{of_pod}.{groups}", old.supplemental_groups, new.supplemental_groups)
    yield from plain(
        f"{of_pod}.supplementalGroupsPolicy",
        old.supplemental_groups_policy.capitalize(),
        new.supplemental_groups_policy.capitalize(),
    )


def _fs_group_only(spec: PodSpec) -> bool:
    of_pod = spec.security_context
    return of_pod is not None and of_pod.fs_group is not None and not of_pod.supplemental_groups


def _user(security: ContainerSecurity) -> str:
    return security.run_as_username or ("" if security.run_as_user is None else str(security.run_as_user))


def _proc(security: ContainerSecurity) -> str:
    return "Default" if security.masked_paths or security.privileged else "Unmasked"


def _profile(profile: Profile | None) -> str:
    if profile is None:
        return ""
    return f"{_PROFILES[profile.type]} {profile.localhost.removeprefix(f'{SECCOMP_DIR}/')}".rstrip()

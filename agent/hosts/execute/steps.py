"""One step of an action, done."""

import grpc

from agent.hosts.cri.errors import port_error
from agent.hosts.execute.cgroups import remove_cgroup, set_cgroup
from agent.hosts.execute.container import remove_container, resize_container, start_container
from agent.hosts.execute.context import Context
from agent.hosts.execute.etc_hosts import write_etc_hosts
from agent.hosts.execute.sandbox import remove_sandbox, run_sandbox, stop_sandbox
from agent.hosts.execute.stopping import stop_containers
from agent.hosts.execute.trouble import explained
from agent.hosts.files.attempts import forget_attempt
from agent.hosts.files.claims import make_volume, remove_volume
from agent.hosts.files.folders import make_folders
from agent.hosts.files.mounts import mount_filesystems
from agent.hosts.files.ownership import own_volumes
from agent.hosts.files.remove import remove_pod_files
from agent.hosts.files.write import write_trees
from agent.model.action import (
    AnyStep,
    ForgetAttempt,
    MakeFolders,
    MakeVolume,
    MountFilesystems,
    OwnVolumes,
    PullImage,
    RemoveContainer,
    RemovePodFiles,
    RemoveSandbox,
    RemoveVolume,
    ResizeContainer,
    RunSandbox,
    SetCgroup,
    StartContainer,
    StopContainers,
    StopSandbox,
    WriteEtcHosts,
    WriteFiles,
)
from agent.ports import PortError


def do_step(context: Context, step: AnyStep) -> None:
    """Do one step. Raises PortError."""
    try:
        _do(context, step)
    except grpc.RpcError as error:
        raise explained(context.link, port_error(error, _what(step), host=context.host)) from None
    except PortError as error:
        raise explained(context.link, error) from None


def _do(context: Context, step: AnyStep) -> None:  # noqa: C901, PLR0912 - one line a step
    match step:
        case PullImage():
            context.pulls.pull(step.image, always=step.always, auths=step.auths)
        case MakeFolders():
            make_folders(context.link, step.folders)
        case WriteFiles():
            write_trees(context.link, step.trees)
        case MountFilesystems():
            mount_filesystems(context.link, step.mounts)
        case OwnVolumes():
            own_volumes(context.link, step.volumes)
        case RunSandbox():
            run_sandbox(context, step)
        case SetCgroup():
            set_cgroup(context.link, step.cgroup)
        case WriteEtcHosts():
            write_etc_hosts(context, step)
        case StartContainer():
            start_container(context, step)
        case StopContainers():
            stop_containers(context, step)
        case ResizeContainer():
            resize_container(context, step)
        case RemoveContainer():
            remove_container(context, step)
        case ForgetAttempt():
            forget_attempt(context.link, step.log, step.message)
        case StopSandbox():
            stop_sandbox(context, step)
        case RemoveSandbox():
            remove_sandbox(context, step)
        case MakeVolume():
            make_volume(context.link, step.mark, marks_only=step.marks_only)
        case RemoveVolume():
            remove_volume(context.link, step.mark)
        case RemovePodFiles():
            if step.cgroup_parent:
                remove_cgroup(context.link, step.cgroup_parent)
            remove_pod_files(context.link, step.uid, step.log_directory)


def tag(step: AnyStep) -> str:
    """Return a step's name, as outcomes carry it."""
    return str(step.__struct_config__.tag)


def _what(step: AnyStep) -> str:
    match step:
        case StartContainer():
            return f"start container {step.config.name}"
        case RemoveContainer() | ResizeContainer():
            return f"{tag(step).replace('-', ' ')} {step.name}"
        case _:
            return tag(step).replace("-", " ")

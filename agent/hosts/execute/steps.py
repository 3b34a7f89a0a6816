"""One step of an action, done."""

import grpc

from agent.hosts.cri.errors import port_error
from agent.hosts.execute.container import remove_container, start_container, stop_containers
from agent.hosts.execute.context import Context
from agent.hosts.execute.sandbox import remove_sandbox, run_sandbox, stop_sandbox
from agent.hosts.files.folders import make_folders
from agent.hosts.files.remove import remove_pod_files
from agent.hosts.files.write import write_trees
from agent.model.action import (
    AnyStep,
    MakeFolders,
    PullImage,
    RemoveContainer,
    RemovePodFiles,
    RemoveSandbox,
    RunSandbox,
    StartContainer,
    StopContainers,
    StopSandbox,
    WriteFiles,
)


def do_step(context: Context, step: AnyStep) -> None:
    """Do one step. Raises PortError."""
    try:
        _do(context, step)
    except grpc.RpcError as error:
        raise port_error(error, _what(step), host=context.host) from None


def _do(context: Context, step: AnyStep) -> None:  # noqa: C901 - one line a step
    match step:
        case PullImage():
            context.pulls.pull(step.image, always=step.always)
        case MakeFolders():
            make_folders(context.link, step.folders)
        case WriteFiles():
            write_trees(context.link, step.trees)
        case RunSandbox():
            run_sandbox(context, step)
        case StartContainer():
            start_container(context, step)
        case StopContainers():
            stop_containers(context, step)
        case RemoveContainer():
            remove_container(context, step)
        case StopSandbox():
            stop_sandbox(context, step)
        case RemoveSandbox():
            remove_sandbox(context, step)
        case RemovePodFiles():
            remove_pod_files(context.link, step.uid, step.log_directory)


def tag(step: AnyStep) -> str:
    """Return a step's name, as outcomes carry it."""
    return str(step.__struct_config__.tag)


def _what(step: AnyStep) -> str:
    match step:
        case StartContainer():
            return f"start container {step.config.name}"
        case RemoveContainer():
            return f"{tag(step).replace('-', ' ')} {step.name}"
        case _:
            return tag(step).replace("-", " ")

"""Small pods for the tests, and what they do to a host, without a planner."""

import time
import uuid
from collections.abc import Sequence

from agent.hosts.host import ContainerdHost
from agent.model import labels
from agent.model.action import (
    Action,
    AnyStep,
    MakeFolders,
    Outcome,
    RemovePodFiles,
    RemoveSandbox,
    RunSandbox,
    StartContainer,
    StopSandbox,
)
from agent.model.cause import Drift
from agent.model.cri import ContainerConfig, EnvValue, Mount, SandboxConfig
from agent.model.files import Folder
from agent.model.objects.meta import PodKey
from agent.model.observation import ContainerSeen, SandboxSeen

AGENT = "tests"


class WallClock:
    def now(self) -> float:
        return time.time()


def new_uid() -> str:
    return str(uuid.uuid4())


def sandbox_config(name: str, *, uid: str | None = None, agent: str = AGENT, attempt: int = 0) -> SandboxConfig:
    uid = uid or new_uid()
    return SandboxConfig(
        name=name,
        namespace="default",
        uid=uid,
        attempt=attempt,
        hostname=name,
        log_directory=f"{labels.LOGS_DIR}/default_{name}_{uid}",
        labels={
            labels.POD_NAME: name,
            labels.POD_NAMESPACE: "default",
            labels.POD_UID: uid,
            labels.AGENT: agent,
        },
        annotations={labels.OWNER: f"Pod/default/{name}"},
    )


def container_config(
    sandbox: SandboxConfig,
    image: str,
    *,
    name: str = "main",
    command: Sequence[str] = ("sleep", "100000"),
    envs: Sequence[EnvValue] = (),
    mounts: Sequence[Mount] = (),
    sensitive: str = "",
) -> ContainerConfig:
    return ContainerConfig(
        name=name,
        image=image,
        command=tuple(command),
        envs=tuple(envs),
        mounts=tuple(mounts),
        labels={**sandbox.labels, labels.CONTAINER_NAME: name},
        annotations={labels.SENSITIVE: sensitive},
        log_path=f"{name}/0.log",
    )


def create_steps(sandbox: SandboxConfig, *containers: ContainerConfig) -> tuple[AnyStep, ...]:
    return (
        MakeFolders(folders=(Folder(path=sandbox.log_directory),)),
        RunSandbox(config=sandbox),
        *(StartContainer(sandbox_id=None, sandbox=sandbox, config=container) for container in containers),
    )


def remove_steps(sandbox: SandboxSeen) -> tuple[AnyStep, ...]:
    config = sandbox.config
    return (
        StopSandbox(sandbox_id=sandbox.id),
        RemoveSandbox(sandbox_id=sandbox.id),
        RemovePodFiles(uid=config.uid, log_directory=config.log_directory),
    )


def action(name: str, *steps: AnyStep, after: Sequence[str] = ()) -> Action:
    return Action(
        id=name,
        verb="create",
        pod=PodKey(namespace="default", name=name),
        uid="",
        rule="test",
        cause=Drift(rule="test", what="a test asks for it", seen_at=0.0),
        consequence="create",
        steps=steps,
        after=tuple(after),
    )


def execute(host: ContainerdHost, *actions: Action) -> dict[str, Outcome]:
    """Do actions and return their outcomes by action; each is reported once."""
    outcomes: list[Outcome] = []
    host.execute(actions, report=outcomes.append, superseded=lambda: False)
    assert sorted(outcome.action for outcome in outcomes) == sorted(each.id for each in actions)
    return {outcome.action: outcome for outcome in outcomes}


def succeed(host: ContainerdHost, *steps: AnyStep) -> None:
    """Do steps that must work."""
    outcome = execute(host, action("steps", *steps))["steps"]
    assert outcome.error == "", f"{outcome.step}: {outcome.error}"


def sandbox_of(host: ContainerdHost, name: str) -> SandboxSeen:
    (found,) = (each for each in host.observe().sandboxes if each.config.name == name)
    return found


def container_of(host: ContainerdHost, pod: str, name: str = "main") -> ContainerSeen:
    seen = host.observe()
    (sandbox,) = (each for each in seen.sandboxes if each.config.name == pod)
    (found,) = (each for each in seen.containers if each.sandbox_id == sandbox.id and each.config.name == name)
    return found


def remove_all(host: ContainerdHost) -> None:
    """Leave a host as empty as it was."""
    for sandbox in host.observe().sandboxes:
        succeed(host, *remove_steps(sandbox)[:2])
    succeed(host, *(RemovePodFiles(uid=uid) for uid in host.observe().pod_dirs))

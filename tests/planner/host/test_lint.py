"""The linter finds every way in which a plan could break a law."""

import pytest
from msgspec.structs import replace

from agent.model.action import (
    Action,
    AnyStep,
    ContainerStop,
    ForgetAttempt,
    MakeFolders,
    MountFilesystems,
    OwnVolumes,
    RemoveContainer,
    RemovePodFiles,
    RemoveSandbox,
    RunSandbox,
    SetCgroup,
    StartContainer,
    StopContainers,
    StopSandbox,
    WriteEtcHosts,
    WriteFiles,
)
from agent.model.cgroup import PodCgroup
from agent.model.cri import ContainerConfig, PortMapping, SandboxConfig
from agent.model.desired import LeavingPod
from agent.model.etc_hosts import HostsEntry
from agent.model.files import FileContent, FileTree, Folder, MountedFilesystem, OwnedVolume
from agent.model.observation import ContainerSeen, Observation, SandboxSeen, Unseen
from agent.model.plan import HostInput, HostPlan
from agent.planner.host import lint_plan, plan_host
from tests.planner.host.build import EMPTY, KEY, NOW, ROLLOUT, converge, desired, live, pod

FOREIGN = SandboxSeen(id="f", config=SandboxConfig(name="web", namespace="default", uid="x"), ready=True)
THEIRS = ContainerSeen(id="t", sandbox_id="f", config=ContainerConfig(name="c", image="i"), state="running")
CONVERGED = converge(desired(pod()))
SEEN = replace(CONVERGED, sandboxes=(*CONVERGED.sandboxes, FOREIGN), containers=(*CONVERGED.containers, THEIRS))
SANDBOX = live(SEEN).sandbox
UID = SANDBOX.config.uid


def given(observation: Observation = SEEN, *, declared: bool = True) -> HostInput:
    return HostInput(desired=desired(*((pod(),) if declared else ())), observation=observation, key=KEY, now=NOW)


def creation() -> Action:
    (action,) = plan_host(given(EMPTY)).actions
    return action


def doing(*steps: AnyStep, action_id: str = "replace default/web", after: tuple[str, ...] = ()) -> Action:
    return replace(creation(), id=action_id, verb="replace", steps=steps, after=after)


def lint(*actions: Action, observation: Observation = SEEN, declared: bool = True) -> str:
    return "; ".join(lint_plan(given(observation, declared=declared), HostPlan(host="edge-1", actions=actions)))


def test_an_unseen_host_must_have_no_actions() -> None:
    assert "cannot be seen" in lint(creation(), observation=Unseen(since=1.0, reason="gone", last_known=SEEN))


@pytest.mark.parametrize(
    "step",
    [
        StopContainers(containers=(ContainerStop(container_id="t", name="c", grace=1),)),
        RemoveContainer(container_id="t", name="c"),
        RemoveContainer(container_id="nowhere", name="c"),
    ],
)
def test_only_containers_in_our_pod_are_touched(step: AnyStep) -> None:
    assert "is not in a sandbox of this pod of ours" in lint(doing(step))


@pytest.mark.parametrize("step", [StopSandbox(sandbox_id="f"), StopSandbox(sandbox_id="nowhere")])
def test_only_our_sandboxes_are_touched(step: AnyStep) -> None:
    assert "is not one of this pod of ours" in lint(doing(step))


def test_a_sandbox_is_stopped_before_it_is_removed() -> None:
    assert "without being stopped" in lint(doing(RemoveSandbox(sandbox_id=SANDBOX.id)))


def test_a_container_needs_its_sandbox_and_its_image_first() -> None:
    steps = creation().steps
    run = next(step for step in steps if isinstance(step, RunSandbox))
    start = next(step for step in steps if isinstance(step, StartContainer))
    assert "before there is a sandbox" in lint(doing(start, run), observation=EMPTY)
    assert "neither on the host nor pulled first" in lint(doing(run, start), observation=EMPTY)
    assert "which is not one of this pod" in lint(doing(replace(start, sandbox_id="f")))
    unlabelled = replace(start, config=replace(start.config, labels={}))
    assert "does not carry our label" in lint(doing(run, unlabelled))


def test_a_new_sandbox_is_ours_and_of_this_pod() -> None:
    run = next(step for step in creation().steps if isinstance(step, RunSandbox))
    assert "does not carry our label" in lint(doing(RunSandbox(config=replace(run.config, labels={}))))
    assert "is of another pod" in lint(doing(RunSandbox(config=replace(run.config, name="other"))))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (SetCgroup(cgroup=PodCgroup(parent="/system.slice")), "is not the cgroup of this pod"),
        (WriteEtcHosts(path="/etc/hosts", entry=HostsEntry(hostname="web")), "is not the hosts file of this pod"),
        (MountFilesystems(mounts=(MountedFilesystem(path="/home", source="s:/e"),)), "outside the folders of this pod"),
        (OwnVolumes(volumes=(OwnedVolume(path="/home", group=5),)), "outside the folders of this pod"),
        (ForgetAttempt(log="/var/log/pods/other/web/0.log", message="/etc/passwd"), "outside the folders of this pod"),
    ],
)
def test_what_is_written_mounted_or_removed_is_the_pods_own(step: AnyStep, said: str) -> None:
    assert said in lint(doing(step))


@pytest.mark.parametrize("path", ["/etc", "/var/lib/trimtab/pods/other", "/", "/var/log/pods"])
def test_folders_are_made_in_our_places_only(path: str) -> None:
    assert "outside the folders of this pod" in lint(doing(MakeFolders(folders=(Folder(path=path),))))


def test_a_path_that_climbs_out_is_found() -> None:
    climbing = Folder(path=f"/var/lib/trimtab/pods/{UID}/../../../../etc")
    assert "outside" in lint(doing(MakeFolders(folders=(climbing,))))
    root = f"/var/lib/trimtab/pods/{UID}/volumes/configmap/x"
    tree = FileTree(root=root, digest="d", files=(FileContent(path="a/../../x", mode=0o644, content=b""),))
    assert "would leave" in lint(doing(WriteFiles(trees=(tree,))))
    assert "outside" in lint(doing(WriteFiles(trees=(replace(tree, root="/etc", files=()),))))


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (RemovePodFiles(uid="../../etc"), "is no uid of a pod"),
        (RemovePodFiles(uid=UID), "are still in use"),
        (RemovePodFiles(uid=UID, log_directory="/var/log"), "is not the log directory"),
    ],
)
def test_files_are_removed_with_care(step: AnyStep, said: str) -> None:
    assert said in lint(doing(step))


def test_the_order_must_be_possible() -> None:
    one, other = doing(action_id="a", after=("b",)), doing(action_id="b", after=("a",))
    assert "wait for each other" in lint(one, other)
    assert "which is not in the plan" in lint(doing(after=("nothing",)))
    assert "more than one action" in lint(doing(), doing())


def test_a_host_port_is_taken_once_and_only_when_it_is_free() -> None:
    port = (PortMapping(container_port=80, host_port=80),)
    run = next(step for step in creation().steps if isinstance(step, RunSandbox))
    taking = doing(RunSandbox(config=replace(run.config, port_mappings=port)))
    assert "take the same host port" in lint(taking, replace(taking, id="other"))
    held = replace(SEEN, sandboxes=(replace(FOREIGN, config=replace(FOREIGN.config, port_mappings=port)),))
    assert "is still held by sandbox f" in lint(taking, observation=held)


def test_only_a_leaving_pod_is_removed() -> None:
    removal = replace(doing(StopSandbox(sandbox_id=SANDBOX.id), RemoveSandbox(sandbox_id=SANDBOX.id)), verb="remove")
    assert "by nobody's word" in lint(removal)
    assert "by nobody's word" in lint(removal, declared=False)
    leaving = replace(given(), desired=desired(leaving=(LeavingPod(key=removal.pod, cause=ROLLOUT),)))
    assert lint_plan(leaving, HostPlan(host="edge-1", actions=(removal,))) == ()

"""One test a rule: what a host shows, and what the plan makes of it."""

import pytest
from msgspec.structs import replace

from agent.model.action import (
    Action,
    ContainerStop,
    PullImage,
    RemoveContainer,
    RemovePodFiles,
    RemoveSandbox,
    RunSandbox,
    StartContainer,
    StopContainers,
    StopSandbox,
)
from agent.model.cause import Commit, Drift
from agent.model.cri import ContainerConfig, SandboxConfig
from agent.model.desired import KeptPod, LeavingPod
from agent.model.objects.pod import ContainerPort, EnvVar
from agent.model.observation import ContainerSeen, SandboxSeen, Seen, Unseen
from tests.planner.host.build import (
    EMPTY,
    FACTS,
    NOW,
    ROLLOUT,
    act,
    container,
    converge,
    desired,
    exited,
    live,
    only,
    plan,
    pod,
    pod_key,
    with_container,
)


def kinds(action: Action) -> list[str]:
    return [type(step).__name__ for step in action.steps]


def drift_of(action: Action) -> Drift:
    assert isinstance(action.cause, Drift)
    return action.cause


def test_an_unseen_host_gets_no_actions_and_says_why() -> None:
    made = plan(desired(pod()), Unseen(since=60.0, reason="connection refused", last_known=EMPTY))
    assert made.actions == ()
    assert made.waiting[0].reason == "unseen"
    assert "connection refused" in made.waiting[0].message


def test_a_runtime_that_is_not_ready_gets_no_actions() -> None:
    made = plan(desired(pod()), replace(EMPTY, facts=replace(FACTS, runtime_ready=False, message="starting")))
    assert (made.actions, made.waiting[0].reason) == ((), "runtime")
    assert "starting" in made.waiting[0].message


def test_without_pod_network_only_host_network_pods_are_made() -> None:
    seen = replace(EMPTY, facts=replace(FACTS, network_ready=False))
    made = plan(desired(pod("a"), pod("b", host_network=True)), seen)
    assert [action.id for action in made.actions] == ["create default/b"]
    assert made.waiting[0].pod == pod_key("a")


def test_a_pod_that_is_not_there_is_created_because_git_asks() -> None:
    action = only(plan(desired(pod()), EMPTY))
    assert (action.verb, action.rule, action.consequence) == ("create", "pod absent", "create")
    assert isinstance(action.cause, Commit)
    assert str(action.cause.location) == "apps/web.yaml:3:1"
    assert kinds(action) == ["MakeFolders", "PullImage", "RunSandbox", "WriteEtcHosts", "StartContainer"]
    assert action.images == ("nginx:1.27",)


def test_a_pod_whose_sandbox_was_removed_is_drift() -> None:
    seen = replace(converge(desired(pod())), sandboxes=(), containers=())
    action = only(plan(desired(pod()), seen))
    assert action.verb == "create"
    assert drift_of(action).what == "the pod's folder is there, but its sandbox is not: lost, or it could not be made"


def test_what_is_as_desired_is_counted_and_left_alone() -> None:
    wanted = desired(pod("a"), pod("b"))
    made = plan(wanted, converge(wanted))
    assert (made.actions, made.waiting, made.unchanged) == ((), (), 2)


def test_foreign_pods_are_not_even_looked_at() -> None:
    foreign = SandboxSeen(id="f", config=SandboxConfig(name="web", namespace="default", uid="x"), ready=False)
    inside = ContainerSeen(id="g", sandbox_id="f", config=ContainerConfig(name="c", image="i"), state="exited")
    seen = replace(EMPTY, sandboxes=(foreign,), containers=(inside,))
    assert plan(desired(), seen).actions == ()
    after = converge(desired(pod()), seen)
    assert foreign in after.sandboxes
    assert inside in after.containers


def test_another_agents_pods_are_foreign() -> None:
    seen = converge(desired(pod()))
    assert plan(replace(desired(), agent="staging"), replace(seen, pod_dirs=())).actions == ()


def test_a_pod_that_nobody_mentions_waits_to_be_decided_on() -> None:
    """The fleet planner may not have seen it yet, and a rollout may count on it."""
    made = plan(desired(), converge(desired(pod())))
    assert made.actions == ()
    assert [(entry.reason, entry.pod) for entry in made.waiting] == [("predecessor", pod_key())]


def test_a_leaving_pod_goes_for_its_own_reason_and_with_its_own_grace() -> None:
    seen = converge(desired(pod(termination_grace_period_seconds=7)))
    action = only(plan(desired(leaving=(LeavingPod(key=pod_key(), cause=ROLLOUT),)), seen))
    assert (action.verb, action.rule, action.cause) == ("remove", "pod leaving", ROLLOUT)
    assert kinds(action) == ["StopContainers", "StopSandbox", "RemoveSandbox", "RemovePodFiles"]
    assert [stop.grace for step in action.steps if isinstance(step, StopContainers) for stop in step.containers] == [7]


def test_a_leaving_pod_that_has_left_needs_nothing() -> None:
    assert plan(desired(leaving=(LeavingPod(key=pod_key(), cause=ROLLOUT),)), EMPTY) == plan(desired(), EMPTY)


def test_a_pod_that_changed_for_good_becomes_a_new_pod() -> None:
    seen = converge(desired(pod()))
    action = only(plan(desired(pod(hostname="other")), seen))
    assert (action.verb, action.rule, action.consequence) == ("replace", "pod changed", "recreate")
    assert action.uid != live(seen).uid
    assert isinstance(action.cause, Commit)
    assert action.cause.path == "spec.hostname"
    removed = [step.uid for step in action.steps if isinstance(step, RemovePodFiles)]
    assert removed == [live(seen).uid]
    assert kinds(action).index("PullImage" if "PullImage" in kinds(action) else "MakeFolders") < kinds(action).index(
        "StopContainers"
    )


def test_a_dead_sandbox_is_made_anew_under_the_same_uid() -> None:
    seen = converge(desired(pod()))
    dead = replace(seen, sandboxes=tuple(replace(one, ready=False) for one in seen.sandboxes))
    action = only(plan(desired(pod()), exited(dead, code=255)))
    assert (action.verb, action.rule, action.uid) == ("replace", "sandbox not ready", live(seen).uid)
    (made,) = [step for step in action.steps if isinstance(step, RunSandbox)]
    (started,) = [step for step in action.steps if isinstance(step, StartContainer)]
    assert (made.config.attempt, started.config.attempt, started.config.log_path) == (1, 1, "web/1.log")
    assert "RemovePodFiles" not in kinds(action)


def test_a_sandbox_that_dies_again_and_again_waits() -> None:
    wanted = desired(pod())
    seen, now = converge(wanted), NOW
    waited = []
    for _ in range(4):
        seen = exited(replace(seen, at=now, sandboxes=tuple(replace(one, ready=False) for one in seen.sandboxes)))
        made = plan(wanted, seen, now)
        waited.append((made.wake_at or now) - now)
        now = made.wake_at or now
        seen = act(wanted, seen, now)
    assert waited == [0, 10, 20, 40]


def test_sandboxes_beside_the_newest_go_and_the_pod_runs_on() -> None:
    seen = converge(desired(pod()))
    one = seen.sandboxes[0]
    older = replace(one, id="older", config=replace(one.config, uid="x", attempt=0), created_at=1.0, ready=False)
    action = only(plan(desired(pod()), replace(seen, sandboxes=(one, older))))
    assert action.rule == "extra sandbox"
    assert action.steps == (StopSandbox(sandbox_id="older"), RemoveSandbox(sandbox_id="older"))


@pytest.mark.parametrize(("policy", "code"), [("Never", 0), ("Never", 1), ("OnFailure", 0)])
@pytest.mark.parametrize("ready", [True, False])
def test_a_pod_that_ran_to_its_end_stays(policy: str, code: int, ready: bool) -> None:
    wanted = desired(pod(restart_policy=policy))
    seen = exited(converge(wanted), code=code)
    seen = replace(seen, sandboxes=tuple(replace(one, ready=ready) for one in seen.sandboxes))
    made = plan(wanted, seen, NOW + 9999)
    assert (made.actions, made.waiting, made.unchanged) == ((), (), 1)


def test_a_finished_pod_runs_again_when_it_changes() -> None:
    seen = exited(converge(desired(pod(restart_policy="Never"))), code=0)
    changed = desired(pod("web", container(image="nginx:1.28"), restart_policy="Never"))
    assert only(plan(changed, seen)).rule == "config changed"


@pytest.mark.parametrize(("policy", "code"), [("Always", 0), ("Always", 1), ("OnFailure", 1)])
def test_a_container_that_ended_starts_again(policy: str, code: int) -> None:
    wanted = desired(pod(restart_policy=policy))
    seen = exited(converge(wanted), code=code)
    action = only(plan(wanted, seen))
    assert (action.verb, action.rule, action.containers) == ("restart", "container exited", ("web",))
    assert kinds(action) == ["MakeFolders", "StartContainer", "RemoveContainer"]


def test_how_a_container_ended_is_said() -> None:
    action = only(plan(desired(pod()), exited(converge(desired(pod())), code=137, at=990.0)))
    assert drift_of(action).what == "container web exited with code 137 (killed by SIGKILL)"
    assert drift_of(action).seen_at == 990.0


def test_only_the_container_that_ended_starts_again() -> None:
    wanted = desired(pod("web", container("a"), container("b")))
    seen = exited(converge(wanted), "b")
    assert only(plan(wanted, seen)).containers == ("b",)


def test_a_container_that_is_gone_is_made_again() -> None:
    wanted = desired(pod("web", container("a"), container("b")))
    seen = converge(wanted)
    seen = replace(seen, containers=tuple(one for one in seen.containers if one.config.name == "a"))
    action = only(plan(wanted, seen))
    assert (action.rule, action.containers) == ("container absent", ("b",))


def test_a_container_that_never_started_is_started() -> None:
    seen = with_container(converge(desired(pod())), "web", state="created", started_at=0.0)
    action = only(plan(desired(pod()), seen))
    assert action.rule == "container not started"
    (step,) = action.steps
    assert isinstance(step, StartContainer)
    assert step.container_id == live(seen).current["web"].id


def test_a_container_of_unknown_state_is_stopped_and_made_anew() -> None:
    action = only(plan(desired(pod()), with_container(converge(desired(pod())), "web", state="unknown")))
    assert action.rule == "container lost"
    assert kinds(action) == ["MakeFolders", "StopContainers", "StartContainer", "RemoveContainer"]


def test_a_changed_image_restarts_that_container_after_the_pull() -> None:
    seen = converge(desired(pod("web", container("a"), container("b"))))
    changed = desired(pod("web", container("a", image="nginx:1.28"), container("b")))
    action = only(plan(changed, seen))
    assert (action.rule, action.containers, action.images) == ("config changed", ("a",), ("nginx:1.28",))
    assert kinds(action) == ["MakeFolders", "PullImage", "StopContainers", "StartContainer", "RemoveContainer"]
    (difference,) = action.differences
    assert (difference.path, difference.live, difference.desired) == (
        "spec.containers[a].image",
        "nginx:1.27",
        "nginx:1.28",
    )
    assert isinstance(action.cause, Commit)
    assert (action.cause.path, action.cause.summary) == ("spec.containers[a].image", "image changed")


def test_a_moved_tag_restarts_only_with_pull_policy_always() -> None:
    for policy, expected in (("Always", ["image moved"]), ("IfNotPresent", [])):
        wanted = desired(pod("web", container(image_pull_policy=policy)))
        seen = converge(wanted)
        (image,) = seen.images
        moved = replace(seen, images=(replace(image, id="sha256:" + "e" * 64, digests=()),))
        assert [action.rule for action in plan(wanted, moved).actions] == expected


def test_a_sidecars_moved_tag_is_shown_where_the_sidecar_stands() -> None:
    side = container("proxy", image="proxy:1", restart_policy="Always", image_pull_policy="Always")
    wanted = desired(pod("web", container(), init_containers=(side,)))
    seen = converge(wanted)
    images = tuple(replace(one, id=f"sha256:{'e' * 64}", digests=()) for one in seen.images if "proxy" in one.tags[0])
    others = tuple(one for one in seen.images if "proxy" not in one.tags[0])
    action = only(plan(wanted, replace(seen, images=(*images, *others))))
    assert [one.path for one in action.differences] == ["spec.initContainers[proxy].image"]


def test_pull_policies() -> None:
    def pulls(policy: str, seen: Seen) -> list[PullImage]:
        wanted = desired(pod("other", container(image_pull_policy=policy)))
        action = next(one for one in plan(wanted, seen).actions if one.verb == "create")
        return [step for step in action.steps if isinstance(step, PullImage)]

    has = replace(converge(desired(pod())), sandboxes=(), containers=(), pod_dirs=())
    assert pulls("Always", has) == [PullImage(image="nginx:1.27", always=True)]
    assert pulls("IfNotPresent", has) == []
    assert pulls("IfNotPresent", EMPTY) == [PullImage(image="nginx:1.27")]
    assert pulls("Never", has) == []
    made = plan(desired(pod("web", container(image_pull_policy="Never"))), EMPTY)
    assert (made.actions, made.waiting[0].reason) == ((), "refused")
    assert "ErrImageNeverPull" in made.waiting[0].message


def test_a_container_made_by_hand_in_our_pod_is_removed() -> None:
    seen = converge(desired(pod()))
    stranger = ContainerSeen(
        id="hand", sandbox_id=live(seen).sandbox.id, config=ContainerConfig(name="sh", image="busybox"), state="running"
    )
    action = only(plan(desired(pod()), replace(seen, containers=(*seen.containers, stranger))))
    assert (action.rule, action.containers) == ("stranger in pod", ("sh",))
    assert action.steps == (
        StopContainers(containers=(ContainerStop(container_id="hand", name="sh", grace=30, ip="10.88.0.2"),)),
        RemoveContainer(container_id="hand", name="sh"),
    )
    assert drift_of(action).what == "not made by trimtab: sh (busybox)"


def test_dead_containers_left_over_from_earlier_restarts_go() -> None:
    seen = converge(desired(pod()))
    current = live(seen).current["web"]
    newer = replace(current, id="newer", config=replace(current.config, attempt=1))
    dead = replace(current, state="exited", finished_at=5.0)
    action = only(plan(desired(pod()), replace(seen, containers=(dead, newer))))
    assert action.rule == "container left over"
    assert action.steps == (RemoveContainer(container_id=dead.id, name="web"),)


def test_a_kept_pod_is_healed_as_it_was_although_its_manifest_is_gone() -> None:
    old = desired(pod("old", container(env=(EnvVar(name="A", value="1"),)), termination_grace_period_seconds=3))
    kept = desired(kept=(KeptPod(key=pod_key("old"), cause=ROLLOUT),))
    seen = converge(old)
    assert plan(kept, seen).unchanged == 1
    before = live(seen, "old").current["web"].config
    healed = act(kept, exited(seen))
    after = live(healed, "old").current["web"]
    assert (after.state, after.config.envs, after.config.attempt) == ("running", before.envs, 1)
    dead = replace(seen, sandboxes=tuple(replace(one, ready=False) for one in seen.sandboxes))
    again = converge(kept, dead)
    assert live(again, "old").sandbox.config.attempt == 1
    assert live(again, "old").grace_period == 3


def test_a_pod_of_an_older_template_is_completed_and_what_runs_of_it_goes_on() -> None:
    """What its template refers to may have changed since: no reason to restart anything of it."""
    whole, changed = (
        pod("old", *(container(name, env=(EnvVar(name="A", value=value),)) for name in ("one", "two")))
        for value in ("1", "2")
    )
    seen = converge(desired(whole))
    half = replace(seen, containers=tuple(one for one in seen.containers if one.config.name == "one"))
    wanted = desired(replace(changed, older=True))
    before = live(half, "old").current["one"]
    seen = converge(wanted, half)
    assert live(seen, "old").current["one"] == before
    assert live(seen, "old").current["two"].state == "running"


def test_a_folder_without_a_pod_goes() -> None:
    uid = "5599ddf9-8463-574d-a3b1-12bf8af12a27"
    action = only(plan(desired(), replace(EMPTY, pod_dirs=("..", uid))))
    assert (action.rule, action.steps) == ("folder left over", (RemovePodFiles(uid=uid),))
    assert str(action.pod) == f"folder of pod {uid}"


def test_a_refused_pod_waits_and_what_runs_of_it_goes_on() -> None:
    seen = converge(desired(pod()))
    broken = desired(pod("web", container(env=(EnvVar(name="A", value="\0"),))))
    made = plan(broken, exited(seen))
    assert (made.actions, made.waiting[0].reason) == ((), "refused")


def test_ports_show_in_what_a_creation_will_do() -> None:
    port = ContainerPort(container_port=80, host_port=8080)
    action = only(plan(desired(pod("web", container(ports=(port,)))), EMPTY))
    assert ("spec.containers[web].ports[80].hostPort", "8080") in [
        (one.path, one.desired) for one in action.differences
    ]

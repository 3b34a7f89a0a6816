"""The life of a pod, a table a rule: whose turn it is, what stops how, and what changes in place."""

import pytest
from msgspec.structs import replace

from agent.model.action import (
    Action,
    ContainerStop,
    ForgetAttempt,
    MountFilesystems,
    RemovePodFiles,
    ResizeContainer,
    SetCgroup,
    StartContainer,
    StopContainers,
)
from agent.model.cause import Drift
from agent.model.desired import DesiredPod, KeptPod, LeavingPod
from agent.model.objects.meta import ObjectKey
from agent.model.objects.pod import (
    Container,
    EmptyDirVolume,
    ExecAction,
    ExitCodes,
    Lifecycle,
    LifecycleHandler,
    NfsVolume,
    Probe,
    ResizePolicy,
    ResourceRequirements,
    RestartRule,
    SecurityContext,
    Volume,
)
from agent.model.observation import Seen
from agent.model.plan import HostInput
from agent.model.probing import Health
from agent.model.usage import ContainerUsage, Usage
from agent.planner.host import plan_host
from tests.planner.host.build import (
    EMPTY,
    KEY,
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

CHECK = Probe(exec=ExecAction(command=("true",)))


def init(name: str = "prepare", **fields: object) -> Container:
    return container(name, **fields)  # type: ignore[arg-type]  # a test's shorthand


def sidecar(name: str = "proxy", **fields: object) -> Container:
    return container(name, restart_policy="Always", **fields)  # type: ignore[arg-type]  # same


def staged(*before: Container, **spec: object) -> DesiredPod:
    return pod("web", container("web"), init_containers=before, **spec)  # type: ignore[arg-type]  # same


def running(seen: Seen, name: str) -> Seen:
    """Have an init container still at work."""
    return with_container(seen, name, state="running", finished_at=0.0, reason="")


def next_names(wanted: DesiredPod, seen: Seen, now: float = NOW) -> list[tuple[str, tuple[str, ...]]]:
    return [(action.verb, action.containers) for action in plan(desired(wanted), seen, now).actions]


def without(seen: Seen, *names: str) -> Seen:
    return replace(seen, containers=tuple(one for one in seen.containers if one.config.name not in names))


def started(action: Action) -> list[str]:
    return [step.config.name for step in action.steps if isinstance(step, StartContainer)]


def test_only_the_first_init_container_starts_with_the_pod() -> None:
    wanted = staged(init("one"), init("two"))
    action = only(plan(desired(wanted), EMPTY))
    assert started(action) == ["one"]
    assert action.images == ("nginx:1.27",), "and every image is there before"


def test_init_containers_one_after_another_then_the_main_ones() -> None:
    wanted = pod("web", container("a"), container("b"), init_containers=(init("one"), init("two")))
    seen = act(desired(wanted), EMPTY)
    assert next_names(wanted, running(seen, "one")) == []
    assert next_names(wanted, seen) == [("start", ("two",))]
    seen = act(desired(wanted), seen)
    assert next_names(wanted, running(seen, "two")) == []
    assert next_names(wanted, seen) == [("start", ("a", "b"))]
    assert plan(desired(wanted), act(desired(wanted), seen)).actions == ()


def test_a_sidecar_lets_the_next_start_once_its_startup_probe_passed() -> None:
    wanted = staged(sidecar(startup_probe=CHECK), init("after"))
    seen = act(desired(wanted), EMPTY)
    (proxy,) = seen.containers
    assert next_names(wanted, replace(seen, health={})) == []
    assert next_names(wanted, replace(seen, health={proxy.id: Health(started=False, ready=False)})) == []
    assert next_names(wanted, seen) == [("start", ("after",))]


@pytest.mark.parametrize(("policy", "again"), [("Always", True), ("OnFailure", True), ("Never", False)])
def test_a_failed_init_container_is_tried_again_unless_the_pod_says_never(policy: str, again: bool) -> None:
    wanted = staged(init(), restart_policy=policy)
    failed = exited(act(desired(wanted), EMPTY), "prepare", code=1)
    assert next_names(wanted, failed) == ([("restart", ("prepare",))] if again else [])


def test_an_init_container_that_fails_again_backs_off() -> None:
    wanted = staged(init())
    seen = exited(act(desired(wanted), EMPTY), "prepare", code=1)
    again = exited(act(desired(wanted), seen), "prepare", code=1)
    made = plan(desired(wanted), again)
    assert (made.actions, made.wake_at) == ((), NOW + 10)


def test_init_containers_that_were_removed_do_not_run_again_beside_main_ones() -> None:
    wanted = staged(init("one"), init("two"))
    assert next_names(wanted, without(converge(desired(wanted)), "one", "two")) == []


def test_a_new_sandbox_runs_all_init_containers_again_and_goes_on_counting() -> None:
    wanted = staged(init("one"), init("two"))
    seen = converge(desired(wanted))
    dead = replace(seen, sandboxes=tuple(replace(one, ready=False) for one in seen.sandboxes))
    assert started(only(plan(desired(wanted), exited(dead, "web", code=255)))) == ["one"]
    again = converge(desired(wanted), exited(dead, "web", code=255))
    attempts = {name: one.config.attempt for name, one in live(again).current.items()}
    assert attempts == {"one": 1, "two": 1, "web": 1}


def test_a_sidecar_is_restarted_whatever_the_pods_policy() -> None:
    wanted = staged(sidecar(), restart_policy="Never")
    assert next_names(wanted, exited(converge(desired(wanted)), "proxy", code=0)) == [("restart", ("proxy",))]


def test_sidecars_stop_when_the_main_containers_are_done() -> None:
    wanted = staged(sidecar(), restart_policy="Never")
    done = exited(converge(desired(wanted)), "web", code=0)
    action = only(plan(desired(wanted), done))
    assert (action.verb, action.containers, action.rule) == ("stop", ("proxy",), "pod over")
    assert plan(desired(wanted), act(desired(wanted), done), NOW + 9999).actions == ()


def test_a_changed_init_container_makes_the_pod_anew() -> None:
    seen = converge(desired(staged(init())))
    action = only(plan(desired(staged(init(image="nginx:1.28"))), seen))
    assert (action.rule, action.verb, started(action)) == ("init container changed", "replace", ["prepare"])


@pytest.mark.parametrize(
    ("own", "codes", "ended", "again"),
    [
        ("Never", (), 1, False),
        ("OnFailure", (), 0, False),
        ("OnFailure", (), 1, True),
        ("Always", (), 0, True),
        ("Never", (42,), 42, True),
        ("Never", (42,), 1, False),
    ],
)
def test_a_container_may_have_a_policy_and_rules_of_its_own(
    own: str, codes: tuple[int, ...], ended: int, again: bool
) -> None:
    rules = (RestartRule(action="Restart", exit_codes=ExitCodes(operator="In", values=codes)),) if codes else ()
    one = container("web", restart_policy=own, restart_policy_rules=rules)
    for policy in ("Always", "Never"):
        wanted = pod("web", one, restart_policy=policy)
        assert bool(plan(desired(wanted), exited(converge(desired(wanted)), code=ended)).actions) is again


def test_containers_stop_at_once_and_sidecars_after_them_in_reverse() -> None:
    hook = LifecycleHandler(exec=ExecAction(command=("bye",)))
    mains = (container("a", lifecycle=Lifecycle(pre_stop=hook)), container("b"))
    wanted = pod("web", *mains, init_containers=(sidecar("first"), sidecar("last")), termination_grace_period_seconds=9)
    action = only(plan(desired(leaving=(LeavingPod(key=pod_key(), cause=ROLLOUT),)), converge(desired(wanted))))
    (stop,) = [step for step in action.steps if isinstance(step, StopContainers)]
    assert [(one.name, one.wave, one.grace) for one in stop.containers] == [
        ("a", 0, 9),
        ("b", 0, 9),
        ("last", 1, 9),
        ("first", 2, 9),
    ]
    assert [one.pre_stop for one in stop.containers] == [hook, None, None, None], "though the manifest is gone"


@pytest.mark.parametrize("kind", ["liveness", "startup"])
def test_a_failed_probe_restarts_the_container_within_its_own_grace(kind: str) -> None:
    wanted = pod("web", container(liveness_probe=CHECK))
    seen = converge(desired(wanted))
    sick = Health(failed=kind, message="Liveness probe failed: exit code 1", grace=3)  # type: ignore[arg-type]  # a test's shorthand
    action = only(plan(desired(wanted), replace(seen, health={live(seen).current["web"].id: sick})))
    assert isinstance(action.cause, Drift)
    assert (action.rule, action.cause.what) == ("probe failed", "container web: Liveness probe failed: exit code 1")
    stops = [one for step in action.steps if isinstance(step, StopContainers) for one in step.containers]
    assert [one.grace for one in stops] == [3]
    (new,) = [step for step in action.steps if isinstance(step, StartContainer)]
    assert new.config.annotations["trimtab.dev/restart-streak"] == "1", "it counts like a crash"


def test_a_container_that_fails_its_probe_and_must_not_come_back_is_stopped() -> None:
    wanted = pod("web", container(liveness_probe=CHECK), restart_policy="Never")
    seen = converge(desired(wanted))
    sick = replace(seen, health={live(seen).current["web"].id: Health(failed="liveness")})
    assert next_names(wanted, sick) == [("stop", ("web",))]


def test_a_pod_past_its_deadline_stops_and_stays_so() -> None:
    wanted = pod(active_deadline_seconds=60)
    seen = act(desired(wanted), EMPTY)
    until = plan(desired(wanted), seen).wake_at
    assert until is not None
    assert NOW < until <= NOW + 61
    action = only(plan(desired(wanted), seen, until))
    assert (action.rule, action.verb) == ("deadline exceeded", "stop")
    stopped = act(desired(wanted), seen, until)
    assert plan(desired(wanted), stopped, until + 9999).actions == ()


def test_a_pod_that_ended_before_its_deadline_is_left_alone() -> None:
    wanted = pod(active_deadline_seconds=60, restart_policy="Never")
    done = exited(act(desired(wanted), EMPTY), code=0, at=NOW + 5)
    assert plan(desired(wanted), done, NOW + 9999).actions == ()


def sized(cpu: str = "500m", memory: str = "64Mi", **fields: object) -> DesiredPod:
    limits = {"cpu": cpu, "memory": memory}
    return pod("web", container(resources=ResourceRequirements(limits=limits, requests=limits), **fields))  # type: ignore[arg-type]  # same


def test_changed_limits_change_in_place() -> None:
    seen = converge(desired(sized()))
    action = only(plan(desired(sized(memory="128Mi")), seen))
    assert (action.verb, action.consequence, action.rule) == ("update", "in place", "resources changed")
    (step,) = [step for step in action.steps if isinstance(step, ResizeContainer)]
    assert step.resources.memory_limit_in_bytes == 128 << 20
    assert plan(desired(sized(memory="128Mi")), act(desired(sized(memory="128Mi")), seen)).actions == ()


@pytest.mark.parametrize(
    ("changed", "pod_first"),
    [
        (sized(cpu="1"), True),
        (sized(cpu="100m"), False),
        (sized(memory="128Mi"), True),
        (sized(memory="32Mi"), False),
        (sized(cpu="1", memory="32Mi"), True),
        (sized(cpu="100m", memory="128Mi"), False),
    ],
)
def test_no_container_may_use_more_cpu_than_its_pod_at_any_moment(changed: DesiredPod, pod_first: bool) -> None:
    """The kernel (cgroup v1) takes no quota that is larger than that of the cgroup around it."""
    steps = only(plan(desired(changed), converge(desired(sized())))).steps
    first, last = (SetCgroup, ResizeContainer) if pod_first else (ResizeContainer, SetCgroup)
    assert [type(step) for step in steps] == [first, last]


@pytest.mark.parametrize(
    "changed",
    [
        sized(memory="128Mi", resize_policy=(ResizePolicy(resource_name="memory", restart_policy="RestartContainer"),)),
        pod("web", container()),
        sized(memory="128Mi", image="nginx:1.28"),
    ],
    ids=["its policy says so", "another QoS class", "more than limits changed"],
)
def test_a_restart_where_limits_cannot_change_in_place(changed: DesiredPod) -> None:
    action = only(plan(desired(changed), converge(desired(sized()))))
    assert (action.verb, action.consequence) == ("restart", "restart")


def test_a_changed_pod_budget_makes_the_pod_anew() -> None:
    first = pod(resources=ResourceRequirements(limits={"cpu": "1"}))
    second = pod(resources=ResourceRequirements(limits={"cpu": "2"}))
    action = only(plan(desired(second), converge(desired(first))))
    assert (action.verb, action.consequence) == ("replace", "recreate")


def test_of_a_container_that_crashes_on_and_on_only_the_last_two_attempts_leave_files() -> None:
    wanted = desired(pod())
    seen, forgotten = converge(wanted), []
    for round_number in range(4):
        now = NOW + 1000 * (round_number + 1)
        seen = replace(exited(seen, at=now - 700), at=now)
        action = only(plan(wanted, seen, now))
        forgotten += [(step.log, step.message) for step in action.steps if isinstance(step, ForgetAttempt)]
        seen = act(wanted, seen, now)
    found = live(seen)
    assert found.current["web"].config.attempt == 4
    assert forgotten == [
        (
            f"{found.sandbox.config.log_directory}/web/{attempt}.log",
            f"/var/lib/trimtab/pods/{found.uid}/containers/web/{attempt}",
        )
        for attempt in (0, 1, 2)
    ]


def test_an_image_that_will_be_asked_for_again_is_not_judged_by_what_the_host_has_of_it() -> None:
    """The one on the host runs as root, the registry may have another by now: that is seen when its turn comes."""
    main = container(image_pull_policy="Always", security_context=SecurityContext(run_as_non_root=True))
    before = replace(EMPTY, images=converge(desired(pod())).images)
    first = pod("web", main, init_containers=(container("first"),))
    assert only(plan(desired(first), before)).verb == "create"
    never = pod("web", replace(main, image_pull_policy="IfNotPresent"), init_containers=(container("first"),))
    assert "image will run as root" in plan(desired(never), before).waiting[0].message


def test_a_container_never_starts_below_a_mount_that_was_lost() -> None:
    share = Volume(name="share", nfs=NfsVolume(server="nfs.example", path="/exports"))
    wanted = desired(pod("web", container(), volumes=(share,)))
    seen = exited(converge(wanted), at=NOW - 700)
    assert [type(step) for step in only(plan(wanted, seen)).steps].count(MountFilesystems) == 0
    action = only(plan(wanted, replace(seen, mounts=())))
    kinds = [type(step) for step in action.steps]
    assert kinds.index(MountFilesystems) < kinds.index(StartContainer)


def evictable() -> DesiredPod:
    limits = ResourceRequirements(limits={"ephemeral-storage": "10Mi"})
    volume = Volume(name="scratch", empty_dir=EmptyDirVolume(size_limit="10Mi"))
    return pod("web", container(resources=limits), volumes=(volume,))


@pytest.mark.parametrize("which", ["volume", "container"])
def test_a_pod_beyond_its_limits_is_taken_down_with_its_files_and_made_anew(which: str) -> None:
    wanted = desired(evictable())
    seen = converge(wanted)
    found = live(seen)
    usage = Usage(
        at=NOW + 50,
        volumes={f"/var/lib/trimtab/pods/{found.uid}/volumes/empty-dir/scratch": 12 << 20} if which == "volume" else {},
        containers={found.current["web"].id: ContainerUsage(writable_bytes=12 << 20)} if which == "container" else {},
    )
    given = HostInput(desired=wanted, observation=seen, key=KEY, now=NOW + 60, usage=usage)
    action = only(plan_host(given))
    assert isinstance(action.cause, Drift)
    assert action.rule == "pod evicted"
    assert "uses 12Mi of 10Mi" in action.cause.what
    assert [step.uid for step in action.steps if isinstance(step, RemovePodFiles)] == [found.uid]
    old = replace(given, usage=replace(usage, at=1.0))
    assert plan_host(old).actions == (), "what was measured before the pod was made is past"


def test_a_jobs_pod_beyond_its_limits_fails_and_is_not_made_again() -> None:
    small = evictable()
    owner = ObjectKey(kind="Job", namespace="default", name="web")
    wanted = desired(replace(small, owner=owner, spec=replace(small.spec, restart_policy="Never")))
    seen = converge(wanted)
    usage = Usage(at=NOW + 50, containers={live(seen).current["web"].id: ContainerUsage(writable_bytes=12 << 20)})
    given = HostInput(desired=wanted, observation=seen, key=KEY, now=NOW + 60, usage=usage)
    action = only(plan_host(given))
    assert (action.verb, action.rule) == ("stop", "pod evicted")
    [step] = action.steps
    assert isinstance(step, StopContainers)
    assert [one.grace for one in step.containers] == [0], "it cannot end as if its work was done"
    assert plan_host(replace(given, observation=exited(seen, code=137))).actions == ()


def test_the_parts_of_a_pod_count_together_whichever_of_them_wrote() -> None:
    small = ResourceRequirements(limits={"ephemeral-storage": "10Mi"})
    volumes = (
        Volume(name="scratch", empty_dir=EmptyDirVolume()),
        Volume(name="ram", empty_dir=EmptyDirVolume(medium="Memory")),
    )
    wanted = desired(pod("web", container(resources=small), container("free"), volumes=volumes))
    seen = converge(wanted)
    found = live(seen)
    folder = f"/var/lib/trimtab/pods/{found.uid}/volumes/empty-dir"
    containers = {
        found.current["web"].id: ContainerUsage(writable_bytes=2 << 20, log_bytes=2 << 20),
        found.current["free"].id: ContainerUsage(writable_bytes=3 << 20),
    }
    usage = Usage(at=NOW + 50, volumes={f"{folder}/scratch": 3 << 20, f"{folder}/ram": 99 << 20}, containers=containers)
    given = HostInput(desired=wanted, observation=seen, key=KEY, now=NOW + 60, usage=usage)
    assert plan_host(given).actions == (), "10Mi of 10Mi, and what lies in memory is none of the disk's"
    more = replace(usage, volumes={f"{folder}/scratch": 4 << 20})
    action = only(plan_host(replace(given, usage=more)))
    assert isinstance(action.cause, Drift)
    assert "the pod uses 11Mi of the 10Mi ephemeral-storage that its containers may together" in action.cause.what


def test_a_measurement_and_a_pod_are_of_one_clock_however_wrong_it_is() -> None:
    wanted = desired(evictable())
    right = converge(wanted)
    seen = replace(right, facts=replace(right.facts, clock_skew=3600.0))
    container_id, made = live(seen).current["web"].id, live(seen).created_at
    containers = {container_id: ContainerUsage(writable_bytes=12 << 20)}
    given = HostInput(desired=wanted, observation=seen, key=KEY, now=NOW + 60)
    assert plan_host(replace(given, usage=Usage(at=made - 10, containers=containers))).actions == ()
    action = only(plan_host(replace(given, usage=Usage(at=made + 10, containers=containers))))
    assert isinstance(action.cause, Drift)
    assert action.cause.seen_at == made + 10 - 3600.0


def test_a_kept_pod_runs_its_init_containers_again_or_is_not_made_again() -> None:
    seen = converge(desired(staged(init("one"), init("two"))))
    kept = desired(kept=(KeptPod(key=pod_key(), cause=ROLLOUT),))
    assert plan(kept, seen).actions == ()
    dead = exited(replace(seen, sandboxes=tuple(replace(one, ready=False) for one in seen.sandboxes)), "web", code=255)
    assert started(only(plan(kept, dead))) == ["one"]
    lost = plan(kept, without(dead, "two"))
    assert (lost.actions, lost.waiting[0].reason) == ((), "refused")


def test_somebody_elses_container_has_no_hooks_of_ours() -> None:
    seen = converge(desired(pod()))
    one = live(seen).current["web"]
    annotations = {"trimtab.dev/lifecycle": '{"exec": {"command": ["rm"]}}'}
    stranger = replace(one, id="hand", config=replace(one.config, name="sh", labels={}, annotations=annotations))
    action = only(plan(desired(pod()), replace(seen, containers=(*seen.containers, stranger))))
    (stop,) = [step for step in action.steps if isinstance(step, StopContainers)]
    assert stop.containers == (ContainerStop(container_id="hand", name="sh", grace=30, ip="10.88.0.2"),)

"""A job runs its pods to their end as often as it should, and no more."""

import pytest
from msgspec.structs import replace

from agent.model.objects.pod import ClaimVolume, ConfigRef, EnvFromSource, SecretVolume, Volume, VolumeMount
from agent.model.plan import HostInput
from agent.planner.host import plan_host
from agent.planner.workloads.job.indexes import read_indexes, write_indexes
from tests.planner.batch.build import Works, indexed, job
from tests.planner.fleet.build import KEY, config_map, container, secret
from tests.planner.storage.build import claim, local_class


def test_a_job_runs_once_and_never_again() -> None:
    world = Works(job(completions=1))
    world.settle()
    assert world.running() == ["work-0"]
    assert world.told().active == 1
    world.end("work-0")
    world.settle()
    status = world.status("work", "Job")
    assert (status.phase, status.reason) == ("Ready", "Complete")
    assert world.outcome() == ("Complete", "CompletionsReached")
    assert (world.told().succeeded, world.told().active) == (1, 0)
    assert world.told().completion_time == world.record().finished_at > 0
    assert [world.short(one) for one in world.names()] == ["work-0"], "its pod stays, with its logs"
    world.still()
    world.vanish(world.names()[0])
    assert {verb for steps in world.settle() for _, verb, _ in steps} == {"remove"}, "only its folder"
    world.still()


def test_pods_that_are_not_to_be_kept_go_at_once_also_when_the_clock_was_set_back() -> None:
    world = Works(job(completions=1))
    world.settle()
    world.end("work-0")
    world.settle()
    world.now -= 1200
    world.declare(job(completions=1, ttl_seconds_after_finished=0))
    world.settle()
    assert world.names() == []


def test_as_many_at_once_as_allowed() -> None:
    world = Works(job(completions=5, parallelism=2))
    world.settle()
    assert world.running() == ["work-0", "work-1"]
    world.end("work-1")
    world.settle()
    assert world.running() == ["work-0", "work-2"]
    for name in ("work-0", "work-2"):
        world.end(name)
    world.settle()
    assert world.running() == ["work-3", "work-4"]
    world.end("work-3")
    world.settle()
    assert world.running() == ["work-4"], "no more than what is left to do"
    world.end("work-4")
    world.settle()
    assert world.outcome() == ("Complete", "CompletionsReached")


def test_a_work_queue_ends_with_its_first_success_and_when_the_others_have_ended() -> None:
    world = Works(job(parallelism=3))
    world.settle()
    world.end("work-1")
    world.settle()
    assert world.running() == ["work-0", "work-2"]
    assert world.outcome() == ("", "")
    world.end("work-0", 1)
    world.end("work-2")
    world.settle()
    assert world.running() == []
    assert world.outcome() == ("Complete", "CompletionsReached")


def test_each_index_once() -> None:
    world = Works(indexed(3, parallelism=2))
    world.settle()
    assert world.running() == ["work-0-0", "work-1-0"]
    world.end("work-0-0", 1)
    world.settle()
    assert world.running() == ["work-0-1", "work-1-0"], "a new attempt at the index that failed"
    world.end("work-0-1")
    world.end("work-1-0")
    world.settle()
    assert world.told().completed_indexes == "0-1"
    world.end("work-2-0")
    world.settle()
    assert (world.told().completed_indexes, world.told().succeeded, world.told().failed) == ("0-2", 3, 1)
    assert world.outcome() == ("Complete", "CompletionsReached")
    world.still()


def test_a_pod_with_an_index_knows_it() -> None:
    world = Works(indexed(2, container(), parallelism=2))
    [pod] = [one for desired in world.plan().desired.values() for one in desired.pods if "-1-" in one.key.name]
    assert pod.spec.hostname == "work-1"
    assert pod.annotations["batch.kubernetes.io/job-completion-index"] == "1"
    assert pod.labels["batch.kubernetes.io/job-completion-index"] == "1"
    assert pod.labels["batch.kubernetes.io/job-name"] == pod.labels["job-name"] == "work"
    assert [(one.name, one.value) for one in pod.spec.containers[0].env] == [("JOB_COMPLETION_INDEX", "1")]


def test_failed_pods_are_kept_and_replaced_after_a_back_off() -> None:
    world = Works(job(completions=1))
    world.settle()
    began = world.now
    for attempt in range(3):
        world.end(f"work-{attempt}", 1)
        plan = world.plan()
        assert plan.wake_at == world.now + 10.0 * 2**attempt
        assert [one.reason for one in plan.waiting] == ["back-off"]
        assert world.status("work", "Job").reason == "BackOff"
        world.settle()
    assert world.now - began >= 70
    assert [world.short(one) for one in world.names()] == ["work-0", "work-1", "work-2", "work-3"]
    assert world.running() == ["work-3"]


def test_a_job_fails_beyond_its_backoff_limit() -> None:
    world = Works(job(completions=2, parallelism=2, backoff_limit=1))
    world.settle()
    world.end("work-0", 1)
    world.settle()
    assert world.running() == ["work-1", "work-2"]
    world.end("work-2", 1)
    world.settle()
    assert world.running() == [], "what still runs goes"
    assert world.outcome() == ("Failed", "BackoffLimitExceeded")
    status = world.status("work", "Job")
    assert (status.phase, status.reason) == ("Failed", "BackoffLimitExceeded")
    assert (world.told().failed, world.told().succeeded) == (3, 0)
    assert [world.short(one) for one in world.names()] == ["work-0", "work-2"]
    world.still()


def test_on_failure_containers_start_again_in_their_pod_and_that_counts() -> None:
    world = Works(job(completions=1, policy="OnFailure", backoff_limit=2))
    world.settle()
    world.end("work-0", 1)
    world.settle()
    assert world.running() == ["work-0"]
    assert world.told().failed == 0
    world.end("work-0", 1)
    world.settle()
    assert world.outcome() == ("Failed", "BackoffLimitExceeded")
    assert world.running() == []


def test_a_job_that_takes_too_long_fails() -> None:
    world = Works(job(completions=1, active_deadline_seconds=60))
    world.settle()
    assert world.plan().due_at == world.record().started_at + 60
    assert world.plan().wake_at is None, "nobody waits for it"
    world.now = world.record().started_at + 60
    world.settle()
    assert world.outcome() == ("Failed", "DeadlineExceeded")
    assert world.running() == []


def test_pods_of_a_finished_job_go_in_time_and_it_stays_finished() -> None:
    world = Works(job(completions=1, ttl_seconds_after_finished=100))
    world.settle()
    world.end("work-0")
    world.settle()
    assert world.plan().due_at == world.record().finished_at + 100
    assert len(world.names()) == 1
    world.now += 100
    world.settle()
    assert world.names() == []
    assert world.outcome() == ("Complete", "CompletionsReached")
    world.still()


def test_suspended_and_resumed() -> None:
    world = Works(job(completions=3, parallelism=2))
    world.settle()
    world.end("work-0")
    world.settle()
    world.declare(job(completions=3, parallelism=2, suspend=True))
    world.settle()
    assert world.running() == []
    assert world.outcome() == ("Suspended", "JobSuspended")
    assert world.status("work", "Job").reason == "Suspended"
    assert (world.told().succeeded, world.told().failed, world.told().start_time) == (1, 0, 0)
    world.still()
    world.declare(job(completions=3, parallelism=2))
    world.settle()
    assert world.running() == ["work-3", "work-4"]
    assert world.told().start_time > 0


def test_declared_suspended_it_does_not_begin() -> None:
    world = Works(job(suspend=True))
    assert world.settle() == []
    world.declare(job())
    world.settle()
    assert world.running() == ["work-0"]


def test_parallelism_is_lowered() -> None:
    world = Works(job(completions=9, parallelism=3))
    world.settle()
    world.declare(job(completions=9, parallelism=1))
    world.settle()
    assert len(world.running()) == 1
    assert world.told().failed == 0
    world.still()


def test_a_changed_template_begins_anew_when_the_old_pods_are_gone() -> None:
    world = Works(job(completions=2))
    world.settle()
    world.end("work-0")
    world.settle()
    world.declare(job(container("app:2"), completions=2))
    plan = world.plan()
    assert [one.reason for desired in plan.desired.values() for one in desired.leaving] == ["replaced", "replaced"]
    assert [len(desired.pods) for desired in plan.desired.values()] == [0, 0, 0]
    assert world.status("work", "Job").reason == "Replacing"
    world.settle()
    assert world.running() == ["work-0"]
    assert world.told().succeeded == 0


def test_back_to_the_old_template_is_another_job_too() -> None:
    world = Works(job(completions=1))
    world.settle()
    world.end("work-0")
    world.settle()
    world.declare(job(container("app:2"), completions=1))
    world.plan()
    world.declare(job(completions=1))
    world.settle()
    assert world.running() == ["work-0"]


def test_a_changed_config_map_does_not_do_the_work_again() -> None:
    reads = container(env_from=(EnvFromSource(config_map_ref=ConfigRef(name="settings")),))
    world = Works(job(reads, completions=1), config_map(KEY="a"))
    world.settle()
    world.end("work-0")
    world.settle()
    world.declare(job(reads, completions=1), config_map(KEY="b"))
    world.still()


def test_a_job_that_leaves_git_is_forgotten() -> None:
    world = Works(job(completions=1))
    world.settle()
    world.end("work-0")
    world.settle()
    world.declare()
    world.settle()
    assert world.names() == []
    assert world.memory.jobs == {}


def test_memory_is_lost_and_finished_pods_are_counted_again() -> None:
    world = Works(job(completions=3, parallelism=2))
    world.settle()
    world.end("work-0")
    world.settle()
    world.end("work-1", 1)
    world.settle()
    running, told = world.running(), world.told()
    world.memory = type(world.memory)()
    world.settle()
    assert world.running() == running
    assert (world.told().succeeded, world.told().failed) == (told.succeeded, told.failed)
    world.still()


def test_memory_is_lost_with_attempts_at_an_index() -> None:
    world = Works(indexed(2))
    world.settle()
    world.end("work-0-0", 1)
    world.settle()
    world.end("work-0-1")
    world.settle()
    world.memory = type(world.memory)()
    world.settle()
    assert world.running() == ["work-1-0"]
    assert (world.told().completed_indexes, world.told().failed) == ("0", 1)


def test_an_index_beyond_the_completions_is_not_worked_on() -> None:
    world = Works(indexed(4, parallelism=4))
    world.settle()
    world.end("work-3-0")
    world.settle()
    world.declare(indexed(2, parallelism=2))
    world.settle()
    assert world.running() == ["work-0-0", "work-1-0"]
    assert world.told().succeeded == 0


@pytest.mark.parametrize("text", ["", "0", "0-3,7", "1,3,5", "0-99999"])
def test_indexes_are_written_in_few_letters(text: str) -> None:
    assert write_indexes(read_indexes(text)) == text


def test_pods_of_a_job_and_of_an_index_of_another_do_not_share_names() -> None:
    world = Works(indexed(2, parallelism=2, name="work"), job(name="work-1", completions=1))
    world.settle()
    assert len(world.names()) == 3


def test_a_failed_job_waits_for_nothing() -> None:
    world = Works(job(completions=1, backoff_limit=0))
    world.settle()
    world.end("work-0", 1)
    world.settle()
    assert world.status("work", "Job").phase == "Failed"
    assert world.messages() == []


def test_a_host_restarts_and_ended_pods_stay_as_they_are() -> None:
    mounted = container(volume_mounts=(VolumeMount(name="key", mount_path="/key"),))
    volume = Volume(name="key", secret=SecretVolume(secret_name="password"))
    world = Works(job(mounted, completions=1, pod={"volumes": (volume,)}), secret(KEY="a"))
    world.settle()
    world.end("work-0")
    world.settle()
    place, _ = world.find("work-0")
    seen = world.seen(place)
    world.observations[place] = replace(
        seen,
        sandboxes=tuple(replace(one, ready=False) for one in seen.sandboxes),
        files={path: one for path, one in seen.files.items() if not path.startswith("/run/")},
        mounts=(),
    )
    world.still()
    given = HostInput(desired=world.plan().desired[place], observation=world.seen(place), key=KEY, now=world.now)
    assert plan_host(given).waiting == ()


def test_a_pod_that_ended_gives_its_address_back_and_its_claim() -> None:
    mounted = container(volume_mounts=(VolumeMount(name="data", mount_path="/data"),))
    volume = Volume(name="data", persistent_volume_claim=ClaimVolume(claim_name="data"))
    work = job(mounted, completions=2, pod={"volumes": (volume,)})
    world = Works(work, claim(mode="ReadWriteOncePod"), local_class())
    world.settle()
    world.end("work-0")
    world.settle()
    assert world.running() == ["work-1"], "only one pod at a time may use the claim"
    [ready] = [one.config.name for place in "abc" for one in world.seen(place).sandboxes if one.ready]
    assert world.short(ready) == "work-1"
    assert len(world.names()) == 2


def test_a_changed_config_map_restarts_containers_and_is_no_failure_of_theirs() -> None:
    reads = container(env_from=(EnvFromSource(config_map_ref=ConfigRef(name="settings")),))
    work = job(reads, completions=1, policy="OnFailure", backoff_limit=2)
    world = Works(work, config_map(KEY="a"))
    world.settle()
    for value in "bcd":
        world.declare(work, config_map(KEY=value))
        assert [verb for steps in world.settle() for _, verb, _ in steps] == ["restart"]
    assert world.running() == ["work-0"]
    place, _ = world.find("work-0")
    seen = world.seen(place)
    world.observations[place] = replace(seen, sandboxes=tuple(replace(one, ready=False) for one in seen.sandboxes))
    world.settle()
    assert world.running() == ["work-0"], "a host that restarts counts once, as in Kubernetes"
    world.end("work-0", 1)
    world.settle()
    assert world.outcome() == ("Failed", "BackoffLimitExceeded")

"""What if: a host fails, a change comes, a host is drained; and what the agent on it would do, and for how long."""

from functools import cache

from msgspec.structs import replace

from agent.manifests import Cache, load
from agent.model.objects.fleet import Fleet
from agent.model.observation import Unseen
from agent.model.origin import Blob, Revision
from agent.model.plan import FingerprintKey
from agent.simulator.whatif import Answer, Happening, Question, ask
from agent.simulator.whatif.answer import What
from agent.simulator.whatif.ask import LONGEST_REST
from agent.simulator.whatif.story import Story
from agent.simulator.whatif.world import World

WEB = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: registry.example/web:1
          resources: {requests: {cpu: "1", memory: 1Gi}}
          readinessProbe: {tcpSocket: {port: 80}, initialDelaySeconds: 10}
"""
BUDGET = """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 2, selector: {matchLabels: {app: web}}}
"""
JOB = """\
apiVersion: batch/v1
kind: Job
metadata: {name: work}
spec:
  template:
    metadata: {annotations: {simulate.trimtab.dev/duration: 2m}}
    spec: {restartPolicy: Never, containers: [{name: work, image: registry.example/work:1}]}
"""
START = 1_704_067_200.0


def fleet(*texts: str, hosts: int = 3, cpu: str = "4", revision: str = "one") -> Fleet:
    machines = [
        f"apiVersion: trimtab.dev/v1alpha1\nkind: Host\nmetadata: {{name: h{number}}}\n"
        f'spec: {{ssh: {{address: h{number}.test}}, allocatable: {{cpu: "{cpu}", memory: 8Gi}}}}\n'
        for number in range(1, hosts + 1)
    ]
    content = "---\n".join([*texts, *machines]).encode()
    blob = Blob(path="all.yaml", id=revision, size=len(content))
    loaded = load(Revision(id=revision), [blob], lambda _: {revision: content}, Cache())
    assert loaded.fleet is not None, loaded.problems
    return loaded.fleet


def question(declared: Fleet, *happenings: Happening, seconds: float = 1800.0) -> Question:
    key = FingerprintKey(value=b"k" * 32)
    return Question(agent="t", fleet=declared, key=key, start=START, seconds=seconds, happenings=happenings)


@cache
def after_a_failure() -> Answer:
    return ask(question(fleet(WEB, BUDGET), Happening(at=60, what="fail", host="h1")))


def told(answer: Answer, what: What) -> list[tuple[float, str]]:
    return [(entry.at, entry.message) for entry in answer.timeline if entry.what == what]


def standing(answer: Answer, kind: str) -> tuple[int, int, str]:
    (one,) = (one for one in answer.standings if one.object.kind == kind)
    return one.lowest, one.promised, one.broken


def test_without_anything_that_happens_nothing_does() -> None:
    answer = ask(question(fleet(WEB, BUDGET)))
    assert answer.timeline == ()
    assert answer.broken == ()
    assert answer.rested is not None
    assert answer.rested < 60, "three pods, each ten seconds after it was started"


def test_a_host_that_fails_takes_its_pods_with_it_and_they_come_back_elsewhere() -> None:
    answer = after_a_failure()
    assert told(answer, "event") == [(60, "h1 fails")]
    assert told(answer, "short") == [(60, "2 ready, 3 promised, 3 wanted")]
    ((at, _),) = told(answer, "enough")
    assert 360 <= at < 400, "after the toleration time of five minutes and the start of a pod"
    assert standing(answer, "Deployment") == (2, 3, ""), "a rollout promises nothing about hosts that fail"
    assert standing(answer, "PodDisruptionBudget") == (2, 2, "")


def test_a_budget_that_a_lost_host_breaks_is_broken() -> None:
    answer = ask(question(fleet(WEB, BUDGET, hosts=1), Happening(at=60, what="fail", host="h1")))
    assert standing(answer, "PodDisruptionBudget") == (0, 2, "fewer are ready in the end")
    assert standing(answer, "Deployment") == (0, 3, "fewer are ready in the end")


def test_what_fits_nowhere_waits_and_says_why() -> None:
    answer = ask(question(fleet(WEB, BUDGET, hosts=2, cpu="2"), Happening(at=60, what="fail", host="h1")))
    reasons = [message for _, message in told(answer, "waiting")]
    assert reasons
    assert all("cpu short by" in one for one in reasons)
    assert any("no host fits" in one.message for one in answer.waiting)


def test_a_host_that_is_back_runs_its_pods_again() -> None:
    happenings = Happening(at=60, what="fail", host="h1"), Happening(at=120, what="return", host="h1")
    answer = ask(question(fleet(WEB), *happenings))
    assert told(answer, "lost") == [], "it was back before anything was given up"
    assert [entry.hosts for entry in answer.timeline if entry.what == "replaced"] == [("h1",)]
    assert standing(answer, "Deployment")[2] == ""


def test_a_change_is_rolled_out_within_its_bounds() -> None:
    changed = fleet(WEB.replace("web:1", "web:2"), revision="two")
    answer = ask(question(fleet(WEB), Happening(at=60, what="change", fleet=changed)))
    made = sum(len(entry.pods) for entry in answer.timeline if entry.what == "created")
    gone = sum(len(entry.pods) for entry in answer.timeline if entry.what == "removed")
    assert (made, gone) == (3, 3)
    assert standing(answer, "Deployment") == (3, 3, "")


def test_a_change_that_cannot_run_never_keeps_its_promise() -> None:
    changed = fleet(WEB.replace('cpu: "1"', 'cpu: "8"').replace("name: web", "name: huge"), WEB, revision="two")
    answer = ask(question(fleet(WEB), Happening(at=60, what="change", fleet=changed)))
    assert [one.object.name for one in answer.broken] == ["huge"]
    assert answer.broken[0].broken == "never were so many ready"


def test_a_drained_host_is_left_within_the_budget() -> None:
    answer = ask(question(fleet(WEB, BUDGET), Happening(at=60, what="drain", host="h1")))
    assert standing(answer, "PodDisruptionBudget") == (2, 2, "")
    assert standing(answer, "Deployment") == (2, 3, ""), "who writes a budget allows that"
    alone = ask(question(fleet(WEB), Happening(at=60, what="drain", host="h1")))
    assert standing(alone, "Deployment") == (2, 3, "fewer were ready")
    assert [entry.hosts for entry in answer.timeline if entry.what == "removed"] == [("h1",)]


def test_a_job_ends_after_the_time_that_its_annotation_says() -> None:
    answer = ask(question(fleet(JOB), seconds=300))
    ((at, message),) = told(answer, "job")
    assert message == "Complete: 1 succeeded"
    assert 110 <= at <= 130


def test_peaks_are_what_pods_ask_for_against_what_hosts_have() -> None:
    peaks = {one.host: one for one in after_a_failure().peaks}
    assert [one.cpu_capacity for one in peaks.values()] == [4000] * 3
    assert sum(one.cpu for name, one in peaks.items() if name != "h1") == 3000
    assert not any(one.assumed for one in peaks.values())


def test_the_same_question_has_the_same_answer() -> None:
    asked = question(fleet(WEB, BUDGET), Happening(at=60, what="fail", host="h1"))
    assert ask(asked) == after_a_failure()


@cache
def world() -> World:
    """A fleet that rests, for questions about what is there."""
    asked = question(fleet(WEB, BUDGET))
    there = World(asked, Story(asked.agent, asked.fleet))
    there.offer(asked.fleet)
    there.run(START + LONGEST_REST)
    return there


def live(*happenings: Happening, declared: Fleet | None = None) -> Question:
    there = world()
    return replace(
        question(declared or fleet(WEB, BUDGET), *happenings),
        start=there.clock.now(),
        observations={name: machine.look() for name, machine in there.machines.items()},
        memory=there.journal.state.memory,
        before=fleet(WEB, BUDGET),
    )


def test_a_fleet_that_is_there_goes_on_as_it_is() -> None:
    answer = ask(live())
    assert answer.timeline == ()
    assert answer.rested == 0
    assert standing(answer, "Deployment") == (3, 3, "")


def test_a_change_of_a_fleet_that_is_there_happens_at_once() -> None:
    answer = ask(live(declared=fleet(WEB.replace("web:1", "web:2"), BUDGET, revision="two")))
    assert next(entry.at for entry in answer.timeline if entry.what == "created") < 10
    assert answer.broken == ()


def test_a_host_that_could_not_be_seen_is_one_without_power() -> None:
    asked = live()
    seen = asked.observations["h1"]
    blind = replace(asked, observations={**asked.observations, "h1": Unseen(since=asked.start, reason="gone")})
    assert not isinstance(seen, Unseen)
    answer = ask(blind)
    assert [entry.what for entry in answer.timeline].count("lost") == 1


def test_a_host_fails_once_and_only_a_failed_one_returns() -> None:
    happenings = [Happening(at=at, what="fail", host="h1") for at in (60, 90)]
    answer = ask(question(fleet(WEB), *happenings, Happening(at=95, what="return", host="h2"), seconds=100))
    assert told(answer, "event") == [(60, "h1 fails")]

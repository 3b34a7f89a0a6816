"""Planning a large fleet: both planners, no change and one Deployment changed, growth and memory.

Each size is measured in a process of its own, so that the memory is that size's. The hosts' looks are not simulated by
hand: they are what the planners' own first plan makes of empty hosts.
"""

import copy
import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from agent.cli import OBJECTS_BETWEEN_COLLECTIONS
from agent.model.memory import Memory
from agent.model.objects import (
    ConfigMap,
    Declared,
    Deployment,
    DeploymentSpec,
    DeploymentStrategy,
    Host,
    HostSpec,
    ObjectKey,
    ObjectMeta,
    RollingUpdate,
)
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.pod import (
    ConfigMapVolume,
    Container,
    ContainerPort,
    EnvVar,
    PodSpec,
    PodTemplate,
    PodTemplateMeta,
    ResourceRequirements,
    Volume,
    VolumeMount,
)
from agent.model.objects.selector import LabelSelector
from agent.model.observation import Observation, RuntimeFacts, Seen
from agent.model.origin import Origin, Revision
from agent.model.plan import FingerprintKey, FleetInput, HostInput
from agent.planner.fleet import plan_fleet
from agent.planner.host import plan_host, project_action

SIZES = (2_500, 5_000, 10_000, 20_000)
PODS_A_HOST = 20
REPLICAS = 20
REPEATS = 5
SETTLING = 2
GROWING = (
    "no change (calls)",
    "one Deployment changed (calls)",
    "no change (s)",
    "one Deployment changed (s)",
    "no change, every host looked at anew (s)",
)
_MORE_THAN_CACHES = 64 << 20
KEY = FingerprintKey(value=b"benchmark".ljust(32, b"."))


def run() -> dict[str, object]:
    """Measure every size, and hold the largest, and the growth up to it, to the targets."""
    found = {size: _apart(size) for size in SIZES}
    small, large = found[SIZES[0]], found[SIZES[-1]]
    growth = {name: large[name] / small[name] / (SIZES[-1] / SIZES[0]) for name in GROWING}
    targets = {
        "no change <= 1 s": large["no change (s)"] <= 1.0,
        "one Deployment changed <= 1.2 s": large["one Deployment changed (s)"] <= 1.2,
        "work at most linear (within 1 %)": max(growth[name] for name in GROWING if "(calls)" in name) <= 1.01,
        "time at most linear (within 10 %)": max(growth[name] for name in GROWING if "(s)" in name) <= 1.1,
        "peak memory <= 500 MB": large["peak memory (MB)"] <= 500,
    }
    return {
        **{f"{size} pods on {size // PODS_A_HOST} hosts": found[size] for size in SIZES},
        f"growth from {SIZES[0]} to {SIZES[-1]} pods (1 = linear)": growth,
        "targets reached": targets,
    }


def _apart(size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.planning", str(size)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    measured: dict[str, float] = json.loads(result.stdout)
    return measured


def measure(size: int) -> dict[str, float]:
    """Measure one size in this process; seconds are the best of some, the least disturbed by what else runs here."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)  # as the agent plans: else a collection of all falls into one size
    given, first = _converged(size)
    # Another image each time: what a planner remembers of one change must not serve the next.
    changed = [replace(given, fleet=_changed(given.fleet, number)) for number in range(REPEATS + 2)]
    _plan(given)
    _plan(changed.pop(), quiet=False)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    calls = {
        "no change (calls)": _counted(partial(_plan, given)),
        "one Deployment changed (calls)": _counted(partial(_plan, changed.pop(), quiet=False)),
    }
    steady = min(_timed(partial(_plan, given)) for _ in range(REPEATS))
    rolling = min(_timed(partial(_plan, one, quiet=False)) for one in changed)
    anew = []
    for _ in range(3):
        given = replace(given, observations=copy.deepcopy(given.observations))
        anew.append(_timed(partial(_plan, given)))
    return {
        "first plan, every pod placed (s)": first,
        "no change (s)": steady,
        "one Deployment changed (s)": rolling,
        "no change, every host looked at anew (s)": min(anew),
        **calls,
        "peak memory (MB)": peak,
    }


def _timed(function: Callable[[], object]) -> float:
    """Time a call. The processor's caches hold something else before: an agent plans now and then, not in a loop.

    What the measurement itself left behind is collected before, so that its garbage is nobody else's time.
    """
    gc.collect()
    (bytearray(b"x") * _MORE_THAN_CACHES).find(b"y")
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def _counted(function: Callable[[], object]) -> float:
    """Count the calls that a function makes: work without the noise of a clock."""
    calls = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    function()
    sys.setprofile(None)
    return calls


def _plan(given: FleetInput, *, quiet: bool = True) -> None:
    """Plan the fleet and every host once."""
    desired = plan_fleet(given).desired
    actions = 0
    for host, wanted in desired.items():
        plan = plan_host(HostInput(desired=wanted, observation=given.observations[host], key=KEY, now=given.now))
        actions += len(plan.actions)
    assert (actions == 0) is quiet, f"{actions} actions"


def _converged(size: int) -> tuple[FleetInput, float]:
    """Return a fleet in which every pod runs, and how long the first plan of the fleet took."""
    fleet = _fleet(size)
    hosts = [key.name for key in fleet.objects if key.kind == "Host"]
    facts = RuntimeFacts(cpu_millis=16_000, memory_bytes=64 << 30)
    looks: dict[str, Observation] = {host: Seen(at=0.0, facts=facts) for host in hosts}
    given = FleetInput(agent="bench", fleet=fleet, observations=looks, memory=Memory(), key=KEY, now=0.0)
    begin = time.perf_counter()
    plan = plan_fleet(given)
    first = time.perf_counter() - begin
    for host in hosts:
        look = looks[host]
        assert isinstance(look, Seen)
        for action in plan_host(HostInput(desired=plan.desired[host], observation=look, key=KEY, now=0.0)).actions:
            look = project_action(look, action, 1.0)
        looks[host] = look
    given = replace(given, memory=plan.memory, now=3_600.0)
    # As the agent does: what one plan remembers the next one is given, until nothing new is.
    for _ in range(SETTLING):
        given = replace(given, memory=plan_fleet(given).memory)
    assert plan_fleet(given).memory is given.memory
    return given, first


def _fleet(size: int) -> Fleet:
    """Declare hosts, and Deployments of 20 pods each: requests, variables, a port, every fourth with mounted files."""
    declared = [_declared(_host(number)) for number in range(size // PODS_A_HOST)]
    declared += [_declared(_config(number)) for number in range(0, size // REPLICAS, 4)]
    declared += [_declared(_deployment(number, "1.0")) for number in range(size // REPLICAS)]
    declared.sort(key=lambda one: (one.key.kind, one.key.namespace, one.key.name))
    return Fleet(revision=Revision(id="0" * 40), objects={one.key: one for one in declared})


def _changed(fleet: Fleet, number: int) -> Fleet:
    """Return a fleet with another image in its first Deployment; everything else is as it was."""
    one = _declared(_deployment(0, f"2.{number}"))
    return Fleet(revision=Revision(id=f"{number + 1:040}"), objects={**fleet.objects, one.key: one})


def _declared(body: AnyObject) -> Declared[AnyObject]:
    key = ObjectKey(kind=body.kind, namespace=body.metadata.namespace, name=body.metadata.name)
    return Declared(key=key, body=body, origin=Origin(file=f"{body.kind}/{body.metadata.name}.yaml"))


def _host(number: int) -> Host:
    return Host(metadata=ObjectMeta(name=f"edge-{number:04}"), spec=HostSpec(local=True))


def _config(number: int) -> ConfigMap:
    metadata = ObjectMeta(name=f"app-{number:04}", namespace="default")
    return ConfigMap(metadata=metadata, data={"app.conf": "listen 8080\n" * 20, "extra.conf": "verbose\n"})


def _deployment(number: int, tag: str) -> Deployment:
    name, files = f"app-{number:04}", number % 4 == 0
    container = Container(
        name="app",
        image=f"registry.example.com/app:{tag}",
        image_pull_policy="IfNotPresent",
        args=("serve", "--port=8080"),
        env=(EnvVar(name="MODE", value="production"), EnvVar(name="NAME", value=name)),
        ports=(ContainerPort(container_port=8080),),
        resources=ResourceRequirements(requests={"cpu": "100m", "memory": "64Mi"}, limits={"memory": "128Mi"}),
        volume_mounts=(VolumeMount(name="config", mount_path="/etc/app"),) if files else (),
    )
    volume = Volume(name="config", config_map=ConfigMapVolume(name=name))
    spec = DeploymentSpec(
        selector=LabelSelector(match_labels={"app": name}),
        replicas=REPLICAS,
        strategy=DeploymentStrategy(rolling_update=RollingUpdate()),
        template=PodTemplate(
            metadata=PodTemplateMeta(labels={"app": name}),
            spec=PodSpec(containers=(container,), volumes=(volume,) if files else ()),
        ),
    )
    return Deployment(metadata=ObjectMeta(name=name, namespace="default"), spec=spec)


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))

"""Whatever is declared in whatever order: one volume a claim, one claim a volume, and no data on two hosts."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.model.memory import Memory
from agent.model.objects import Pod
from agent.model.objects.claim import AccessMode, PersistentVolumeClaim
from agent.model.objects.storage import PersistentVolume
from tests.planner.fleet.build import World
from tests.planner.storage.build import claim, local_class, user, volume

NAMES = ["a1", "b1", "c1"]
CLAIMS: st.SearchStrategy[PersistentVolumeClaim] = st.builds(
    claim,
    st.sampled_from(NAMES),
    st.sampled_from(["", "local", "local"]),
    st.sampled_from(["1Gi", "2Gi"]),
    st.sampled_from(["ReadWriteOnce", "ReadWriteOncePod"]),
)
MODES: tuple[AccessMode, ...] = ("ReadWriteOnce", "ReadWriteOncePod")
VOLUMES: st.SearchStrategy[PersistentVolume] = st.builds(
    volume,
    st.sampled_from(["v1", "v2", "v3"]),
    st.sampled_from(["1Gi", "3Gi"]),
    host=st.sampled_from(["", "a", "b"]),
    storage_class=st.sampled_from(["", "local"]),
    modes=st.just(MODES),
)
PODS: st.SearchStrategy[Pod] = st.builds(
    lambda number, names: user(f"pod-{number}", *names),
    st.integers(0, 4),
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True),
)
DECLARED = st.tuples(
    st.lists(CLAIMS, max_size=3, unique_by=lambda one: one.metadata.name),
    st.lists(VOLUMES, max_size=3, unique_by=lambda one: one.metadata.name),
    st.lists(PODS, max_size=4, unique_by=lambda one: one.metadata.name),
)


def check(world: World) -> None:
    """Hold memory, and what runs, to what claims promise."""
    bound = [record.volume for record in world.memory.claims.values()]
    assert len(bound) == len(set(bound)), "one volume is bound to two claims"
    places: dict[str, set[str]] = {}
    users: dict[str, set[str]] = {}
    for name, desired in world.plan().desired.items():
        for pod in desired.pods:
            for claimed in pod.claims.values():
                record = world.memory.claims[f"default/{claimed.claim}"]
                assert record.volume == claimed.volume, "a pod has another volume than its claim"
                places.setdefault(claimed.claim, set()).add(name)
                users.setdefault(claimed.claim, set()).add(pod.key.name)
        for released in desired.released:
            assert all(released.mark.path != one.path for pod in desired.pods for one in pod.claims.values())
    assert all(len(hosts) == 1 for hosts in places.values()), "a claim is used on two hosts"
    claims = [one.body for one in world.fleet.objects.values() if isinstance(one.body, PersistentVolumeClaim)]
    modes = {one.metadata.name: one.spec.access_modes for one in claims}
    for name, pods in users.items():
        assert modes[name] != ("ReadWriteOncePod",) or len(pods) == 1, "a claim for one pod has two"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(story=st.lists(DECLARED, min_size=1, max_size=4), forget=st.integers(0, 4))
def test_claims_keep_what_they_promise(
    story: list[tuple[list[PersistentVolumeClaim], list[PersistentVolume], list[Pod]]], forget: int
) -> None:
    world = World()
    for number, (claims, volumes, pods) in enumerate(story):
        before = {name: (record.volume, record.path, record.uid) for name, record in world.memory.claims.items()}
        made = {one.mark.path for name in ("a", "b", "c") for one in world.seen(name).volumes}
        world.declare(local_class(), *claims, *volumes, *pods)
        world.settle()
        check(world)
        after = {one.mark.path for name in ("a", "b", "c") for one in world.seen(name).volumes}
        assert made <= after, "data is gone before the time of grace"
        declared = {one.metadata.name for one in volumes}
        for name, (bound, path, uid) in before.items():
            if (uid or bound in declared) and name in world.memory.claims:
                record = world.memory.claims[name]
                assert (record.volume, record.path) == (bound, path), "a claim has changed its volume"
        if number == forget:
            world.memory = Memory()
            world.settle()
            check(world)

import pytest

from agent.hosts.look.measure import parse
from agent.hosts.proto import runtime_v1_pb2 as pb
from agent.model.usage import ContainerUsage, Filesystem
from agent.ports import Temporary

TOLD = b"\0".join(
    [
        b"at 100.5",
        b"ticks 100",
        b"cpu cpu  100 20 30 9000 500 1 2 3 40 50",
        b"total 1000",
        b"available 400",
        b"disk pods /dev/sda1 200 50 150 25% /var/lib/trimtab\n/dev/sda1 1000 10 990 1% /var/lib/trimtab",
        b"disk images overlay 100 10 90 10% /a folder\n",
        b"volume 12\t/var/lib/trimtab/pods/u/volumes/empty-dir/with\nline",
        b"log 4096 /var/log/pods/default_one_u/main/2.log",
        b"pulled registry/app:1.0",
        b"end",
        b"",
    ]
)


def stats() -> pb.ContainerStats:
    attributes = pb.ContainerAttributes(
        id="c1",
        metadata=pb.ContainerMetadata(name="main", attempt=2),
        labels={
            "io.kubernetes.pod.namespace": "default",
            "io.kubernetes.pod.name": "one",
            "io.kubernetes.pod.uid": "u",
        },
    )
    return pb.ContainerStats(
        attributes=attributes,
        cpu=pb.CpuUsage(timestamp=99_000_000_000, usage_core_nano_seconds=pb.UInt64Value(value=2_500_000_000)),
        memory=pb.MemoryUsage(working_set_bytes=pb.UInt64Value(value=7)),
        writable_layer=pb.FilesystemUsage(used_bytes=pb.UInt64Value(value=9)),
    )


def test_a_measurement_is_read() -> None:
    usage = parse(TOLD, [stats(), pb.ContainerStats()], host="h")
    assert usage.cpu_seconds == pytest.approx(1.56)
    assert (usage.memory_bytes, usage.memory_available) == (600 * 1024, 400 * 1024)
    assert usage.containers == {
        "c1": ContainerUsage(at=99.0, cpu_seconds=2.5, memory_bytes=7, log_bytes=4096, writable_bytes=9)
    }
    assert usage.volumes == {"/var/lib/trimtab/pods/u/volumes/empty-dir/with\nline": 12 * 1024}
    assert usage.pods == Filesystem(
        path="/var/lib/trimtab",
        size_bytes=200 * 1024,
        used_bytes=50 * 1024,
        available_bytes=150 * 1024,
        inodes=1000,
        inodes_used=10,
    )
    assert usage.images == Filesystem(
        path="/a folder", size_bytes=100 * 1024, used_bytes=10 * 1024, available_bytes=90 * 1024
    )
    assert usage.pulled == ("registry/app:1.0",)


@pytest.mark.parametrize("size", [0, 10, len(TOLD) // 2, len(TOLD) - 5])
def test_one_that_was_cut_short_is_no_measurement(size: int) -> None:
    with pytest.raises(Temporary, match="cut short"):
        parse(TOLD[:size], [], host="h")

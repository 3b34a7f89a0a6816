"""Threads may meet a type all at once, once it was prepared."""

import subprocess
import sys

_MEET = """
import sys, threading
import msgspec
from agent.model.typed import prepare

sys.setswitchinterval(1e-6)
DATA = {"below": {"below": {"below": {}}}}
for _ in range(100):
    kinds = [msgspec.defstruct("Kind", [("number", int, 0)])]
    for _ in range(5):
        last = kinds[-1]
        kinds.append(msgspec.defstruct("Kind", [("below", last | None, None), ("others", dict[str, list[last]], {})]))
    prepare(kinds[-1])
    together = threading.Barrier(4)

    def meet():
        together.wait()
        msgspec.convert(DATA, kinds[-1])

    threads = [threading.Thread(target=meet) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


def test_threads_that_meet_a_type_at_once_do_not_end_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", _MEET], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")

"""Run benchmarks and write what they measured as JSON: `python -m benchmarks [NAME …]`."""

import importlib
import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("results")
BENCHMARKS = {
    "pods": "a  pods from nothing, against bare CRI calls and podman kube play",
    "heal": "b  a killed container runs again, against bare CRI calls",
    "push": "c  git push to the first CRI call",
    "planning": "d  planning 1,000 hosts with 20,000 pods",
    "validate": "e  validating 1,000 and 10,000 documents",
    "idle": "f  an idle minute with 3 hosts and 60 pods",
    "diff": "g  a diff with nothing to do, against ansible-core and pyinfra",
    "probes": "h  1,000 probes every 10 s over 20 hosts, and a host that hangs",
    "volumes": "i  a pod with 12 volumes and 5 containers, against bare CRI calls",
    "workloads": "j  planning 5,000 pods of every kind on 1,000 hosts, and one host lost",
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}: choose from {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    for name in names or BENCHMARKS:
        print(f"\n── {BENCHMARKS[name]}", flush=True)
        measured: dict[str, object] = importlib.import_module(f"benchmarks.{name}").run()
        _show(measured)
        about = {
            "benchmark": name,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": {"cores": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version()},
        }
        path = RESULTS / f"{name}.json"
        path.write_text(json.dumps({**about, "measured": measured}, indent=2, sort_keys=True) + "\n")
    print(f"\nwritten to {RESULTS.relative_to(Path.cwd()) if RESULTS.is_relative_to(Path.cwd()) else RESULTS}/")
    return 0


def _show(measured: dict[str, object], indent: str = "   ") -> None:
    for key, value in measured.items():
        if isinstance(value, dict):
            print(f"{indent}{key}")
            _show(value, indent + "   ")
        else:
            print(f"{indent}{key:<44} {value:.3f}" if isinstance(value, float) else f"{indent}{key:<44} {value}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

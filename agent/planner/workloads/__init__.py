"""What workloads want of their pods: one small file, or package, a kind."""

from collections.abc import Callable, Mapping
from typing import Final

from agent.planner.workload import Claim, Scope
from agent.planner.workloads import daemonset, deployment, job, pod, replicaset, statefulset

CLAIMS: Final[Mapping[str, Callable[[Scope], Claim]]] = {
    "Pod": pod.claim,
    "StatefulSet": statefulset.claim,
    "Deployment": deployment.claim,
    "ReplicaSet": replicaset.claim,
    "Job": job.claim,
    "DaemonSet": daemonset.claim,
}
ORDER: Final = tuple(CLAIMS)
"""Kinds whose pods have names of their own first."""

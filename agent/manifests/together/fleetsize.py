"""Objects that ask for more pods, all together, than can be planned for: one zero too many must not stop a fleet."""

from collections.abc import Iterator

from agent.manifests.limits import MAX_PODS
from agent.manifests.together.index import Index
from agent.manifests.together.problem import problem
from agent.model.objects.autoscaler import HorizontalPodAutoscaler
from agent.model.objects.cronjob import CronJob
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.job import Job, JobSpec
from agent.model.objects.pod import Pod
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet
from agent.model.problem import Problem


def check_fleet_size(index: Index) -> Iterator[Problem]:
    """Yield each object whose pods are too many, with those of the objects before it."""
    total = 0
    for entry in index.objects:
        pods, path = _pods(entry.declared.body, len(index.hosts)) if entry.declared else (0, "")
        if total + pods <= MAX_PODS:
            total += pods
            continue
        others = f", and other objects for {total}" if total else ""
        message = f"this asks for {pods} pods{others}: at most {MAX_PODS} can be planned for"
        yield problem(entry, "too-large", message, path=path, hint="is that number right?")


def _pods(body: AnyObject, hosts: int) -> tuple[int, str]:
    """Return how many pods of an object there may be at once, and which field says so."""
    pods, path = 0, "spec"
    match body:
        case Pod():
            pods = 1
        case DaemonSet():
            pods = hosts
        case Deployment() | ReplicaSet() | StatefulSet():
            pods, path = body.spec.replicas, "spec.replicas"
        case HorizontalPodAutoscaler():
            pods, path = body.spec.max_replicas, "spec.maxReplicas"
        case Job():
            pods, path = _at_once(body.spec), "spec.parallelism"
        case CronJob():
            pods, path = _at_once(body.spec.job_template.spec), "spec.jobTemplate.spec.parallelism"
    return pods, path


def _at_once(spec: JobSpec) -> int:
    return spec.parallelism if spec.completions is None else min(spec.parallelism, spec.completions)

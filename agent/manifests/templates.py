"""The pods that an object makes: their template, and where it is written."""

from typing import Final

from msgspec.structs import replace

from agent.manifests.finding import Steps
from agent.model.objects.cronjob import CronJob
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.job import Job
from agent.model.objects.pod import Pod, PodSpec, PodTemplate
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.statefulset import StatefulSet

_TEMPLATE: Final = ("spec", "template")
_OF_JOBS: Final = ("spec", "jobTemplate", "spec", "template")


def template_of(body: AnyObject) -> tuple[PodTemplate, Steps] | None:
    """Return the template of an object's pods, and its path; None for an object that has none."""
    match body:
        case Deployment() | ReplicaSet() | StatefulSet() | DaemonSet() | Job():
            return body.spec.template, _TEMPLATE
        case CronJob():
            return body.spec.job_template.spec.template, _OF_JOBS
        case _:
            return None


def pod_spec_of(body: AnyObject) -> tuple[PodSpec, Steps] | None:
    """Return the spec of the pods that an object makes, and its path; None for an object that makes none."""
    if isinstance(body, Pod):
        return body.spec, ("spec",)
    found = template_of(body)
    return None if found is None else (found[0].spec, (*found[1], "spec"))


def container_steps(spec: PodSpec, at: Steps) -> list[Steps]:
    """Return the paths of a pod's containers, init containers first."""
    init = [(*at, "initContainers", index) for index in range(len(spec.init_containers))]
    return [*init, *((*at, "containers", index) for index in range(len(spec.containers)))]


def with_pod_spec(body: AnyObject, spec: PodSpec) -> AnyObject:
    """Return an object that makes other pods."""
    match body:
        case Pod():
            return replace(body, spec=spec)
        case CronJob(spec=cron):
            job = replace(cron.job_template.spec, template=replace(cron.job_template.spec.template, spec=spec))
            return replace(body, spec=replace(cron, job_template=replace(cron.job_template, spec=job)))
        case Deployment() | ReplicaSet() | StatefulSet() | DaemonSet() | Job():
            return replace(body, spec=replace(body.spec, template=replace(body.spec.template, spec=spec)))
        case _:
            return body

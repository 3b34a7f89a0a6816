"""What all workloads have in common: a selector, and a template whose pods it selects."""

from collections.abc import Collection, Mapping
from typing import Final

from agent.manifests.checks.metadata import check_annotations, check_reserved
from agent.manifests.checks.pod import check_pod_spec
from agent.manifests.checks.security import check_app_armor_annotations
from agent.manifests.checks.selectors import check_selector
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.labels import COMPLETION_INDEX, JOB_NAME, LEGACY_JOB_NAME, POD_INDEX, REVISION_HASH, SET_POD_NAME
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.pod import PodTemplate
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.selector import LabelSelector
from agent.model.objects.statefulset import StatefulSet
from agent.model.selector import selects

_OF_JOBS: Final = (JOB_NAME, LEGACY_JOB_NAME, COMPLETION_INDEX)
_SET_BY_KIND: Final[Mapping[str, Collection[str]]] = {
    "CronJob": _OF_JOBS,
    "DaemonSet": (REVISION_HASH,),
    "Job": _OF_JOBS,
    "StatefulSet": (REVISION_HASH, SET_POD_NAME, POD_INDEX),
}
"""Labels that pods of a kind get, each with a value of its own."""


def check_workload(
    body: Deployment | ReplicaSet | StatefulSet | DaemonSet, template: PodTemplate | None = None
) -> Findings:
    """Yield what is wrong with the selector and the template of a workload whose pods run for good.

    ``template`` is what to look at in place of its own.
    """
    kind, template = body.kind, template or body.spec.template
    place = ("spec", "template")
    yield from _selector(body.spec.selector, template, place)
    yield from check_template(kind, template, place)
    policy = template.spec.restart_policy
    if policy != "Always":
        message = f"pods of a {kind} always restart, `{policy}` is not possible"
        hint = "work that ends is a Job"
        yield Finding((*place, "spec", "restartPolicy"), "bad-value", message, hint)
    if template.spec.active_deadline_seconds is not None:
        message = f"pods of a {kind} run for good, so they have no deadline"
        yield Finding((*place, "spec", "activeDeadlineSeconds"), "bad-value", message, "remove it", at_key=True)


def check_template(kind: str, template: PodTemplate, at: Steps) -> Findings:
    """Yield what is wrong with the pod template of a kind by itself."""
    yield from check_annotations(template.metadata.annotations, (*at, "metadata"))
    yield from check_reserved(template.metadata, (*at, "metadata"), _SET_BY_KIND.get(kind, ()))
    yield from check_pod_spec(template.spec, (*at, "spec"))
    yield from check_app_armor_annotations(template.metadata.annotations, template.spec, (*at, "metadata"))


def _selector(selector: LabelSelector, template: PodTemplate, place: Steps) -> Findings:
    at = ("spec", "selector")
    if not selector.match_labels and not selector.match_expressions:
        message = "the selector is empty, which would select every pod"
        yield Finding(at, "bad-value", message, "write matchLabels with labels of the template", at_key=True)
    yield from check_selector(selector, at)
    if not selects(selector, template.metadata.labels):
        message = "the selector does not match the labels of the template"
        also = (*place, "metadata", "labels")
        yield Finding(at, "selector-mismatch", message, "write the same labels in both", also=also)

"""What all workloads have in common: a selector, and a template whose pods it selects."""

from agent.manifests.checks.metadata import check_annotations, check_reserved
from agent.manifests.checks.pod import check_pod_spec
from agent.manifests.checks.selectors import check_selector
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import PodTemplate
from agent.model.objects.selector import LabelSelector
from agent.model.selector import selects


def check_workload(kind: str, selector: LabelSelector, template: PodTemplate) -> Findings:
    """Yield what is wrong with a workload's selector and template, of which pods run for good."""
    at, place = ("spec", "selector"), ("spec", "template")
    if not selector.match_labels and not selector.match_expressions:
        message = "the selector is empty, which would select every pod"
        yield Finding(at, "bad-value", message, "write matchLabels with labels of the template", at_key=True)
    yield from check_selector(selector, at)
    if not selects(selector, template.metadata.labels):
        message = "the selector does not match the labels of the template"
        also = (*place, "metadata", "labels")
        yield Finding(at, "selector-mismatch", message, "write the same labels in both", also=also)
    yield from check_template(template, place)
    policy = template.spec.restart_policy
    if policy != "Always":
        message = f"pods of a {kind} always restart, `{policy}` is not possible"
        yield Finding((*place, "spec", "restartPolicy"), "bad-value", message)
    if template.spec.active_deadline_seconds is not None:
        message = f"pods of a {kind} run for good, so they have no deadline"
        yield Finding((*place, "spec", "activeDeadlineSeconds"), "bad-value", message, "remove it", at_key=True)


def check_template(template: PodTemplate, at: Steps) -> Findings:
    """Yield what is wrong with a pod template by itself."""
    yield from check_annotations(template.metadata.annotations, (*at, "metadata"))
    yield from check_reserved(template.metadata, (*at, "metadata"))
    yield from check_pod_spec(template.spec, (*at, "spec"))

"""A Deployment: its selector, strategy and template."""

from agent.manifests.checks.metadata import check_annotations, check_reserved
from agent.manifests.checks.pod import check_pod_spec
from agent.manifests.checks.selectors import check_selector
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.intstr import resolve
from agent.model.objects.deployment import Deployment, DeploymentStrategy
from agent.model.objects.selector import LabelSelector
from agent.model.selector import selects


def check_deployment(deployment: Deployment) -> Findings:
    """Yield what is wrong with a Deployment."""
    spec = deployment.spec
    template = ("spec", "template")
    yield from _selector(spec.selector, ("spec", "selector"))
    if not selects(spec.selector, spec.template.metadata.labels):
        message = "the selector does not match the labels of the template"
        also = (*template, "metadata", "labels")
        yield Finding(("spec", "selector"), "selector-mismatch", message, "write the same labels in both", also=also)
    yield from _strategy(spec.strategy, ("spec", "strategy"))
    yield from check_annotations(spec.template.metadata.annotations, (*template, "metadata"))
    yield from check_reserved(spec.template.metadata, (*template, "metadata"))
    yield from check_pod_spec(spec.template.spec, (*template, "spec"))
    policy = spec.template.spec.restart_policy
    if policy != "Always":
        message = f"pods of a Deployment always restart, `{policy}` is not possible"
        yield Finding((*template, "spec", "restartPolicy"), "bad-value", message)


def _selector(selector: LabelSelector, at: Steps) -> Findings:
    if not selector.match_labels and not selector.match_expressions:
        message = "the selector is empty, which would select every pod"
        yield Finding(at, "bad-value", message, "write matchLabels with labels of the template", at_key=True)
    yield from check_selector(selector, at)


def _strategy(strategy: DeploymentStrategy, at: Steps) -> Findings:
    rolling = strategy.rolling_update
    if rolling is None:
        return
    if strategy.type == "Recreate":
        message = "`rollingUpdate` has no meaning with the type `Recreate`"
        yield Finding((*at, "rollingUpdate"), "bad-value", message, at_key=True)
    # Of 100 pods, a percentage is its number.
    surge = resolve(rolling.max_surge, 100, round_up=True)
    unavailable = resolve(rolling.max_unavailable, 100, round_up=False)
    if surge == 0 and unavailable == 0:
        message = "maxSurge and maxUnavailable are both 0, so that no pod could ever be replaced"
        yield Finding((*at, "rollingUpdate"), "bad-value", message, at_key=True)
    if isinstance(rolling.max_unavailable, str) and unavailable > 100:
        yield Finding((*at, "rollingUpdate", "maxUnavailable"), "bad-value", "more than 100% cannot be unavailable")

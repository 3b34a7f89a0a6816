"""When a container is started again."""

from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import Container


def check_restarts(container: Container, at: Steps) -> Findings:
    """Yield what is wrong with a container's own rules of restarting."""
    if container.restart_policy_rules and container.restart_policy is None:
        message = "rules say when to deviate from the container's own `restartPolicy`, which is missing"
        yield Finding((*at, "restartPolicyRules"), "missing-field", message, "write restartPolicy", at_key=True)
    for index, rule in enumerate(container.restart_policy_rules):
        if rule.exit_codes is None:
            message = "field `exitCodes` is missing"
            yield Finding((*at, "restartPolicyRules", index, "exitCodes"), "missing-field", message)

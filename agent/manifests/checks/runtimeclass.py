"""A RuntimeClass: what its pods cost, and where they run."""

from agent.manifests.checks.quantities import check_quantities
from agent.manifests.checks.scheduling import check_tolerations
from agent.manifests.finding import Findings
from agent.model.objects.runtimeclass import RuntimeClass


def check_runtime_class(runtime: RuntimeClass) -> Findings:
    """Yield what is wrong with a RuntimeClass."""
    if runtime.overhead:
        yield from check_quantities(runtime.overhead.pod_fixed, ("overhead", "podFixed"))
    if runtime.scheduling:
        yield from check_tolerations(runtime.scheduling.tolerations, ("scheduling", "tolerations"))

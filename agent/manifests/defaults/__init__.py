"""What the API server fills in: what a manifest leaves out, made explicit, so that planners see one shape."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from agent.manifests.defaults.autoscaling import default_autoscaler
from agent.manifests.defaults.batch import default_cron_job, default_job
from agent.manifests.defaults.pod import default_pod
from agent.manifests.defaults.quota import default_limit_range
from agent.manifests.defaults.workloads import (
    default_daemon_set,
    default_deployment,
    default_replica_set,
    default_stateful_set,
)
from agent.manifests.kinds import CLUSTER_SCOPED
from agent.model.objects.fleet import AnyObject

DEFAULT_NAMESPACE: Final = "default"
_SPECS: Final[Mapping[str, Callable[[Any], object]]] = {
    "CronJob": default_cron_job,
    "DaemonSet": default_daemon_set,
    "Deployment": default_deployment,
    "HorizontalPodAutoscaler": default_autoscaler,
    "Job": default_job,
    "LimitRange": default_limit_range,
    "Pod": default_pod,
    "ReplicaSet": default_replica_set,
    "StatefulSet": default_stateful_set,
}


def with_defaults(body: AnyObject) -> AnyObject:
    """Return an object with Kubernetes' defaults applied (``SetDefaults_*`` of its groups)."""
    if body.kind not in CLUSTER_SCOPED and not body.metadata.namespace:
        body = replace(body, metadata=replace(body.metadata, namespace=DEFAULT_NAMESPACE))
    default = _SPECS.get(body.kind)
    return body if default is None else _with_spec(body, default)


def _with_spec(body: AnyObject, default: Callable[[Any], object]) -> AnyObject:
    written: Any = body
    filled: AnyObject = replace(written, spec=default(written.spec))
    return filled

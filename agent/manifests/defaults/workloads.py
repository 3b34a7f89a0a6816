"""What the API server fills into the workloads of the group ``apps``."""

from msgspec.structs import replace

from agent.manifests.defaults.pod import default_template
from agent.model.objects.daemonset import DaemonRollingUpdate, DaemonSetSpec
from agent.model.objects.deployment import DeploymentSpec, RollingUpdate
from agent.model.objects.replicaset import ReplicaSetSpec
from agent.model.objects.statefulset import ClaimRetention, StatefulRollingUpdate, StatefulSetSpec


def default_replica_set(spec: ReplicaSetSpec) -> ReplicaSetSpec:
    """Return a ReplicaSet with the defaults of its pods."""
    return replace(spec, template=default_template(spec.template))


def default_deployment(spec: DeploymentSpec) -> DeploymentSpec:
    """Return a Deployment that says how it rolls."""
    strategy = spec.strategy
    if strategy.type == "RollingUpdate" and strategy.rolling_update is None:
        strategy = replace(strategy, rolling_update=RollingUpdate())
    return replace(spec, strategy=strategy, template=default_template(spec.template))


def default_stateful_set(spec: StatefulSetSpec) -> StatefulSetSpec:
    """Return a StatefulSet that says how it rolls, and what becomes of its claims."""
    strategy = spec.update_strategy
    if strategy.type == "RollingUpdate" and strategy.rolling_update is None:
        strategy = replace(strategy, rolling_update=StatefulRollingUpdate())
    return replace(
        spec,
        update_strategy=strategy,
        template=default_template(spec.template),
        persistent_volume_claim_retention_policy=spec.persistent_volume_claim_retention_policy or ClaimRetention(),
    )


def default_daemon_set(spec: DaemonSetSpec) -> DaemonSetSpec:
    """Return a DaemonSet that says how it rolls."""
    strategy = spec.update_strategy
    if strategy.type == "RollingUpdate" and strategy.rolling_update is None:
        strategy = replace(strategy, rolling_update=DaemonRollingUpdate())
    return replace(spec, update_strategy=strategy, template=default_template(spec.template))

"""What Kubernetes checks beyond a schema, one file a subject. Nothing here looks at another object."""

from agent.manifests.checks.autoscaler import check_autoscaler
from agent.manifests.checks.budget import check_budget
from agent.manifests.checks.config import check_config_map, check_secret
from agent.manifests.checks.cronjob import check_cron_job
from agent.manifests.checks.daemonset import check_daemon_set
from agent.manifests.checks.deployment import check_deployment
from agent.manifests.checks.host import check_host
from agent.manifests.checks.job import check_job
from agent.manifests.checks.limitrange import check_limit_range
from agent.manifests.checks.metadata import check_annotations, check_reserved
from agent.manifests.checks.pod import check_pod_spec
from agent.manifests.checks.priority import check_priority
from agent.manifests.checks.quota import check_quota
from agent.manifests.checks.runtimeclass import check_runtime_class
from agent.manifests.checks.security import check_app_armor_annotations
from agent.manifests.checks.statefulset import check_stateful_set
from agent.manifests.checks.storage import check_claim_spec, check_class, check_volume
from agent.manifests.checks.workload import check_workload
from agent.manifests.finding import Findings
from agent.model.objects.autoscaler import HorizontalPodAutoscaler
from agent.model.objects.budget import PodDisruptionBudget
from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.cronjob import CronJob
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.host import Host
from agent.model.objects.job import Job
from agent.model.objects.pod import Pod
from agent.model.objects.priority import PriorityClass
from agent.model.objects.quota import LimitRange, ResourceQuota
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.objects.statefulset import StatefulSet
from agent.model.objects.storage import PersistentVolume, StorageClass


def check(body: AnyObject) -> Findings:
    """Yield what is wrong with an object that fits its schema."""
    yield from check_annotations(body.metadata.annotations, ("metadata",))
    match body:
        case Pod():
            yield from check_reserved(body.metadata, ("metadata",))
            yield from check_pod_spec(body.spec, ("spec",))
            yield from check_app_armor_annotations(body.metadata.annotations, body.spec, ("metadata",))
        case ConfigMap():
            yield from check_config_map(body)
        case Secret():
            yield from check_secret(body)
        case Host():
            yield from check_host(body)
        case RuntimeClass():
            yield from check_runtime_class(body)
        case _:
            yield from _workload(body)
            yield from _government(body)
            yield from _storage(body)


def _workload(body: AnyObject) -> Findings:
    match body:
        case Deployment():
            yield from check_deployment(body)
        case ReplicaSet():
            yield from check_workload(body)
        case StatefulSet():
            yield from check_stateful_set(body)
        case DaemonSet():
            yield from check_daemon_set(body)
        case Job():
            yield from check_job(body)
        case CronJob():
            yield from check_cron_job(body)


def _government(body: AnyObject) -> Findings:
    match body:
        case HorizontalPodAutoscaler():
            yield from check_autoscaler(body)
        case PodDisruptionBudget():
            yield from check_budget(body)
        case PriorityClass():
            yield from check_priority(body)
        case ResourceQuota():
            yield from check_quota(body)
        case LimitRange():
            yield from check_limit_range(body)


def _storage(body: AnyObject) -> Findings:
    match body:
        case PersistentVolumeClaim():
            yield from check_claim_spec(body.spec, ("spec",))
        case PersistentVolume():
            yield from check_volume(body.spec)
        case StorageClass():
            yield from check_class(body)

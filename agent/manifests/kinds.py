"""Which kinds there are: the struct that each is decoded into."""

from typing import Final

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
from agent.model.objects.namespace import Namespace
from agent.model.objects.pod import Pod
from agent.model.objects.priority import PriorityClass
from agent.model.objects.quota import LimitRange, ResourceQuota
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.objects.statefulset import StatefulSet
from agent.model.objects.storage import PersistentVolume, StorageClass

GROUP: Final = "trimtab.dev/v1alpha1"
KINDS: Final[dict[str, type[AnyObject]]] = {
    "ConfigMap": ConfigMap,
    "CronJob": CronJob,
    "DaemonSet": DaemonSet,
    "Deployment": Deployment,
    "HorizontalPodAutoscaler": HorizontalPodAutoscaler,
    "Host": Host,
    "Job": Job,
    "LimitRange": LimitRange,
    "Namespace": Namespace,
    "PersistentVolume": PersistentVolume,
    "PersistentVolumeClaim": PersistentVolumeClaim,
    "Pod": Pod,
    "PodDisruptionBudget": PodDisruptionBudget,
    "PriorityClass": PriorityClass,
    "ReplicaSet": ReplicaSet,
    "ResourceQuota": ResourceQuota,
    "RuntimeClass": RuntimeClass,
    "Secret": Secret,
    "StatefulSet": StatefulSet,
    "StorageClass": StorageClass,
}
API_VERSIONS: Final = {
    "Agent": GROUP,
    "ConfigMap": "v1",
    "CronJob": "batch/v1",
    "DaemonSet": "apps/v1",
    "Deployment": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "Host": GROUP,
    "Job": "batch/v1",
    "LimitRange": "v1",
    "Namespace": "v1",
    "PersistentVolume": "v1",
    "PersistentVolumeClaim": "v1",
    "Pod": "v1",
    "PodDisruptionBudget": "policy/v1",
    "PriorityClass": "scheduling.k8s.io/v1",
    "ReplicaSet": "apps/v1",
    "ResourceQuota": "v1",
    "RuntimeClass": "node.k8s.io/v1",
    "Secret": "v1",
    "StatefulSet": "apps/v1",
    "StorageClass": "storage.k8s.io/v1",
}
CLUSTER_SCOPED: Final = frozenset(
    {"Host", "Namespace", "PersistentVolume", "PriorityClass", "RuntimeClass", "StorageClass"}
)

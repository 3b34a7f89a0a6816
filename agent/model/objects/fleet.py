"""All objects of one revision, by key: what a good revision declares."""

from collections.abc import Mapping

from agent.model.objects.autoscaler import HorizontalPodAutoscaler
from agent.model.objects.budget import PodDisruptionBudget
from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.cronjob import CronJob
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.host import Host
from agent.model.objects.job import Job
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.objects.namespace import Namespace
from agent.model.objects.pod import Pod
from agent.model.objects.priority import PriorityClass
from agent.model.objects.quota import LimitRange, ResourceQuota
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.objects.statefulset import StatefulSet
from agent.model.objects.storage import PersistentVolume, StorageClass
from agent.model.origin import Revision
from agent.model.value import Value

AnyObject = (
    Host
    | Namespace
    | ConfigMap
    | Secret
    | Pod
    | Deployment
    | RuntimeClass
    | StorageClass
    | PersistentVolume
    | PersistentVolumeClaim
    | ReplicaSet
    | StatefulSet
    | DaemonSet
    | Job
    | CronJob
    | HorizontalPodAutoscaler
    | PodDisruptionBudget
    | PriorityClass
    | ResourceQuota
    | LimitRange
)


class Fleet(Value, frozen=True, kw_only=True, weakref=True, gc=True):
    """The objects of one revision, valid as a whole, defaults applied. Keys are sorted."""

    revision: Revision
    objects: Mapping[ObjectKey, Declared[AnyObject]]

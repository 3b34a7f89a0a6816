"""All objects of one revision, by key: what a good revision declares."""

from collections.abc import Mapping

from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.deployment import Deployment
from agent.model.objects.host import Host
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.objects.namespace import Namespace
from agent.model.objects.pod import Pod
from agent.model.objects.runtimeclass import RuntimeClass
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
)


class Fleet(Value, frozen=True, kw_only=True):
    """The objects of one revision, valid as a whole, defaults applied. Keys are sorted."""

    revision: Revision
    objects: Mapping[ObjectKey, Declared[AnyObject]]

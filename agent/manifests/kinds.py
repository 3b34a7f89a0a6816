"""Which kinds there are: the struct that each is decoded into."""

from typing import Final

from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.host import Host
from agent.model.objects.namespace import Namespace
from agent.model.objects.pod import Pod
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.objects.storage import PersistentVolume, StorageClass

GROUP: Final = "trimtab.dev/v1alpha1"
KINDS: Final[dict[str, type[AnyObject]]] = {
    "ConfigMap": ConfigMap,
    "Deployment": Deployment,
    "Host": Host,
    "Namespace": Namespace,
    "PersistentVolume": PersistentVolume,
    "PersistentVolumeClaim": PersistentVolumeClaim,
    "Pod": Pod,
    "RuntimeClass": RuntimeClass,
    "Secret": Secret,
    "StorageClass": StorageClass,
}
API_VERSIONS: Final = {
    "Agent": GROUP,
    "ConfigMap": "v1",
    "Deployment": "apps/v1",
    "Host": GROUP,
    "Namespace": "v1",
    "PersistentVolume": "v1",
    "PersistentVolumeClaim": "v1",
    "Pod": "v1",
    "RuntimeClass": "node.k8s.io/v1",
    "Secret": "v1",
    "StorageClass": "storage.k8s.io/v1",
}
CLUSTER_SCOPED: Final = frozenset({"Host", "Namespace", "PersistentVolume", "RuntimeClass", "StorageClass"})

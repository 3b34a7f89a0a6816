"""The kinds that a source may declare, as Kubernetes writes them. One file a kind."""

from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.deployment import Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdate
from agent.model.objects.host import Host, HostSpec, Jump, Ssh
from agent.model.objects.meta import ConfigKey, Declared, Object, ObjectKey, ObjectMeta, PodKey
from agent.model.objects.namespace import Namespace
from agent.model.objects.pod import Pod

__all__ = [
    "ConfigKey",
    "ConfigMap",
    "Declared",
    "Deployment",
    "DeploymentSpec",
    "DeploymentStrategy",
    "Host",
    "HostSpec",
    "Jump",
    "Namespace",
    "Object",
    "ObjectKey",
    "ObjectMeta",
    "Pod",
    "PodKey",
    "RollingUpdate",
    "Secret",
    "Ssh",
]

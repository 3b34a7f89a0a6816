"""What Kubernetes checks beyond a schema, one file a subject. Nothing here looks at another object."""

from agent.manifests.checks.config import check_config_map, check_secret
from agent.manifests.checks.deployment import check_deployment
from agent.manifests.checks.host import check_host
from agent.manifests.checks.metadata import check_annotations, check_reserved
from agent.manifests.checks.pod import check_pod_spec
from agent.manifests.checks.runtimeclass import check_runtime_class
from agent.manifests.checks.storage import check_claim_spec, check_class, check_volume
from agent.manifests.finding import Findings
from agent.model.objects.claim import PersistentVolumeClaim
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.deployment import Deployment
from agent.model.objects.fleet import AnyObject
from agent.model.objects.host import Host
from agent.model.objects.pod import Pod
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.objects.storage import PersistentVolume, StorageClass


def check(body: AnyObject) -> Findings:
    """Yield what is wrong with an object that fits its schema."""
    yield from check_annotations(body.metadata.annotations, ("metadata",))
    match body:
        case Pod():
            yield from check_reserved(body.metadata, ("metadata",))
            yield from check_pod_spec(body.spec, ("spec",))
        case Deployment():
            yield from check_deployment(body)
        case ConfigMap():
            yield from check_config_map(body)
        case Secret():
            yield from check_secret(body)
        case Host():
            yield from check_host(body)
        case PersistentVolumeClaim():
            yield from check_claim_spec(body.spec, ("spec",))
        case PersistentVolume():
            yield from check_volume(body.spec)
        case StorageClass():
            yield from check_class(body)
        case RuntimeClass():
            yield from check_runtime_class(body)
        case _:
            return

"""Labels and annotations, beyond their syntax."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from agent.manifests.finding import Finding, Findings, Steps
from agent.model.labels import POD_TEMPLATE_HASH
from agent.model.objects.meta import ObjectMeta
from agent.model.objects.pod import PodTemplateMeta

_MAX_ANNOTATIONS_BYTES: Final = 256 * 1024
_OURS: Final = ("trimtab.dev/", "io.kubernetes.pod.", "io.kubernetes.container.")


def check_annotations(annotations: Mapping[str, str], at: Steps) -> Findings:
    """Yield whether annotations are larger than Kubernetes takes."""
    size = sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items())
    if size > _MAX_ANNOTATIONS_BYTES:
        message = f"annotations have {size} bytes in all, the limit is {_MAX_ANNOTATIONS_BYTES}"
        yield Finding((*at, "annotations"), "too-large", message, at_key=True)


def check_reserved(metadata: ObjectMeta | PodTemplateMeta, at: Steps, also: Collection[str] = ()) -> Findings:
    """Yield labels and annotations of a pod by which trimtab recognises what is its own; ``also`` are more labels."""
    yield from _reserved(metadata.labels, (*at, "labels"), also)
    yield from _reserved(metadata.annotations, (*at, "annotations"))


def _reserved(keys: Iterable[str], at: Steps, also: Collection[str] = ()) -> Findings:
    for key in keys:
        if key.startswith(_OURS) or key == POD_TEMPLATE_HASH or key in also:
            message = f"key `{key}` is set by trimtab itself, pods may not bring their own"
            yield Finding((*at, key), "reserved-key", message, at_key=True)

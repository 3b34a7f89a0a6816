"""Secrets that images are pulled with, and that hold no credentials of a registry."""

from collections.abc import Iterator
from typing import Final

from agent.manifests.node import show_path
from agent.manifests.templates import pod_spec_of
from agent.manifests.together.index import Index
from agent.model.objects.config import Secret
from agent.model.objects.meta import ObjectKey
from agent.model.problem import Problem

_TYPES: Final = ("kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg")


def check_pull_secrets(index: Index) -> Iterator[Problem]:
    """Yield pull secrets of another type, which a kubelet would pass over without a word."""
    for entry in index.objects:
        found = pod_spec_of(entry.declared.body) if entry.declared else None
        spec, at = found or (None, ())
        for number, wanted in enumerate(spec.image_pull_secrets if spec else ()):
            target = ObjectKey(kind="Secret", namespace=entry.key.namespace, name=wanted.name)
            path = show_path((*at, "imagePullSecrets", number))
            for secret in index.by_key.get(target, ())[:1]:
                body = secret.declared.body if secret.declared else None
                if isinstance(body, Secret) and body.type not in _TYPES:
                    place = next(ref.location for ref in entry.references if ref.path == path)
                    yield Problem(
                        location=place,
                        rule="bad-reference",
                        message=f"{target} is of type `{body.type}`, so it holds no credentials of a registry",
                        object=str(entry.key),
                        path=path,
                        hint=f"give it type: {_TYPES[0]}",
                        related=(secret.location,),
                    )

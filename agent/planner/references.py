"""Which ConfigMaps and Secrets pods refer to."""

from collections.abc import Iterator

from agent.model.objects.meta import ConfigKey
from agent.model.objects.pod import Container, PodSpec, Volume


def references_of(spec: PodSpec) -> tuple[ConfigKey, ...]:
    """Return the ConfigMaps and Secrets that a pod refers to, sorted."""
    found = {key for container in spec.every_container for key, _entry in environment(container)}
    found |= {key for volume in spec.volumes for key in _mounted(volume)}
    found |= {ConfigKey(kind="Secret", name=reference.name) for reference in spec.image_pull_secrets}
    return tuple(sorted(found))


def environment(container: Container) -> Iterator[tuple[ConfigKey, str | None]]:
    """Yield what a container's environment is read from: one entry of an object, or (None) all of them."""
    for source in container.env_from:
        if source.config_map_ref is not None:
            yield ConfigKey(kind="ConfigMap", name=source.config_map_ref.name), None
        if source.secret_ref is not None:
            yield ConfigKey(kind="Secret", name=source.secret_ref.name), None
    for variable in container.env:
        origin = variable.value_from
        if origin is not None and origin.config_map_key_ref is not None:
            reference = origin.config_map_key_ref
            yield ConfigKey(kind="ConfigMap", name=reference.name), reference.key
        if origin is not None and origin.secret_key_ref is not None:
            reference = origin.secret_key_ref
            yield ConfigKey(kind="Secret", name=reference.name), reference.key


def _mounted(volume: Volume) -> Iterator[ConfigKey]:
    """Yield the ConfigMaps and Secrets whose content a volume shows."""
    if volume.config_map is not None:
        yield ConfigKey(kind="ConfigMap", name=volume.config_map.name)
    if volume.secret is not None:
        yield ConfigKey(kind="Secret", name=volume.secret.secret_name)
    for source in volume.projected.sources if volume.projected is not None else ():
        if source.config_map is not None:
            yield ConfigKey(kind="ConfigMap", name=source.config_map.name)
        if source.secret is not None:
            yield ConfigKey(kind="Secret", name=source.secret.name)

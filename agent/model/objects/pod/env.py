"""Where a container's environment comes from."""

from typing import Literal

from agent.model.objects.meta import Object


class KeyRef(Object, frozen=True, kw_only=True):
    """One key of a ConfigMap or Secret."""

    name: str
    key: str
    optional: bool = False


class FieldRef(Object, frozen=True, kw_only=True):
    """A field of the pod itself, by its path (``metadata.name``)."""

    field_path: str
    api_version: Literal["v1"] = "v1"


class ResourceFieldRef(Object, frozen=True, kw_only=True):
    """A request or limit of a container (``limits.cpu``), in units of ``divisor``.

    ``container_name`` may be left out in a container's own environment.
    """

    resource: str
    container_name: str = ""
    divisor: str | int | float = "0"


class EnvVarSource(Object, frozen=True, kw_only=True):
    """Where an environment value comes from: exactly one of the fields."""

    config_map_key_ref: KeyRef | None = None
    secret_key_ref: KeyRef | None = None
    field_ref: FieldRef | None = None
    resource_field_ref: ResourceFieldRef | None = None


class EnvVar(Object, frozen=True, kw_only=True):
    """One environment variable: ``value`` or ``value_from``."""

    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class ConfigRef(Object, frozen=True, kw_only=True):
    """A whole ConfigMap or Secret."""

    name: str
    optional: bool = False


class EnvFromSource(Object, frozen=True, kw_only=True):
    """All keys of a ConfigMap or Secret as variables: exactly one of the two references."""

    prefix: str = ""
    config_map_ref: ConfigRef | None = None
    secret_ref: ConfigRef | None = None

"""The environment of a container."""

from collections.abc import Collection

from agent.manifests.checks.choice import check_one_of
from agent.manifests.checks.downward import check_field, check_resource
from agent.manifests.checks.unique import check_unique
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.objects.pod import Container, EnvVar

_REFERENCES = (("config_map_ref", "configMapRef"), ("secret_ref", "secretRef"))


def check_environment(container: Container, containers: Collection[str], at: Steps) -> Findings:
    """Yield what is wrong with a container's environment, in a pod that has these containers."""
    yield from check_unique(container.env, (*at, "env"), lambda entry: entry.name, "variable", "name")
    for index, variable in enumerate(container.env):
        yield from _variable(variable, containers, (*at, "env", index))
    for index, source in enumerate(container.env_from):
        yield from check_one_of(source, _REFERENCES, (*at, "envFrom", index))


def _variable(variable: EnvVar, containers: Collection[str], at: Steps) -> Findings:
    source, place = variable.value_from, (*at, "valueFrom")
    if source is None:
        return
    if variable.value:
        yield Finding(place, "one-of", "a variable has `value` or `valueFrom`, not both", at_key=True)
    if source.field_ref:
        yield from check_field(source.field_ref, (*place, "fieldRef"))
    if source.resource_field_ref:
        at_resource = (*place, "resourceFieldRef")
        yield from check_resource(source.resource_field_ref, containers, at_resource, needs_name=False)

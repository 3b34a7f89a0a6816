"""The templates of workloads, with what they refer to: the newest, and older ones that pods still live of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

import msgspec

from agent.model.desired import ConfigData
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.meta import Declared, ObjectKey
from agent.model.objects.pod import Pod, PodTemplate
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.plan import FleetInput
from agent.model.typed import decoder
from agent.planner.fleet.config import config_data
from agent.planner.live import Live
from agent.planner.memo import remembered
from agent.planner.template import Template, Workload, pod_spec, pod_template, references, resolve_template


def template_of(given: FleetInput, declared: Declared[Workload], made_as: str = "") -> Template:
    """Return a workload's template. ``made_as`` is the hash that its pods have already."""
    return resolve_template(
        declared, tuple(_config(given, declared)), given.key, _runtime(given, declared), made_as=made_as
    )


def older_hashes(given: FleetInput, newest: Template, live: Iterable[Live]) -> Sequence[str]:
    """Return the hashes of the older templates of which pods still live, or are to be made."""
    if isinstance(newest.declared.body, Pod):
        return ()
    return sorted({*(pod.generation for pod in live), *_current(given, newest.declared)} - {newest.hash, ""})


def earlier_templates(given: FleetInput, newest: Template, hashes: Sequence[str]) -> Mapping[str, Template]:
    """Return older templates of a workload, as far as they are known, by hash."""
    if not hashes:
        return {}
    texts = template_texts(given, newest.declared.key, hashes)
    return {hash_: _earlier(given, newest, hash_, text) for hash_, text in texts.items()}


def _earlier(given: FleetInput, newest: Template, hash_: str, text: str) -> Template:
    """Return an older template, with what its pods would be by now: the variables that they read may have changed."""
    declared = _with_template(newest.declared, text)
    template, now = template_of(given, declared, hash_), template_of(given, declared).hash
    if now == hash_:
        return template
    return _made_again(template, newest if now == newest.hash else template_of(given, declared, now))


@remembered
def _made_again(template: Template, again: Template) -> Template:
    return msgspec.structs.replace(template, again=again)


def _current(given: FleetInput, declared: Declared[Workload]) -> Iterable[str]:
    """Return the templates from which pods are to be made that are not to be updated yet, or were not yet."""
    record = given.memory.rollouts.get(str(declared.key))
    return (record.current, *record.sizes) if record is not None else ()


def template_texts(given: FleetInput, key: ObjectKey, hashes: Iterable[str]) -> Mapping[str, str]:
    """Return older templates as JSON, by hash: as memory has them, or as the fleet that was in force before does."""
    record = given.memory.rollouts.get(str(key))
    known = dict(record.templates) if record is not None else {}
    wanted = [hash_ for hash_ in hashes if hash_ not in known]
    if wanted and given.before is not None and (earlier := given.before.objects.get(key)) is not None:
        declared = cast("Declared[Workload]", earlier)
        template = pod_template(declared.body)
        before = msgspec.structs.replace(given, fleet=given.before, before=None)
        if template is not None and (hash_ := template_of(before, declared).hash) in wanted:
            known[hash_] = msgspec.json.encode(template, order="deterministic").decode()
    return {hash_: known[hash_] for hash_ in hashes if hash_ in known}


_TEMPLATE: Final = decoder(PodTemplate)


@remembered
def _with_template(declared: Declared[Workload], text: str) -> Declared[Workload]:
    body = declared.body
    if isinstance(body, Pod):
        return declared
    spec = msgspec.structs.replace(body.spec, template=_TEMPLATE.decode(text))
    return msgspec.structs.replace(declared, body=msgspec.structs.replace(body, spec=spec))


def _runtime(given: FleetInput, declared: Declared[Workload]) -> RuntimeClass | None:
    name = pod_spec(declared.body).runtime_class_name
    found = given.fleet.objects.get(ObjectKey(kind="RuntimeClass", namespace="", name=name)) if name else None
    return cast("RuntimeClass", found.body) if found is not None else None


def _config(given: FleetInput, declared: Declared[Workload]) -> Iterable[ConfigData]:
    """Yield the ConfigMaps and Secrets that a workload refers to and that exist."""
    namespace = declared.key.namespace
    for reference in references(declared):
        found = given.fleet.objects.get(ObjectKey(kind=reference.kind, namespace=namespace, name=reference.name))
        if found is not None:
            yield config_data(cast("Declared[ConfigMap | Secret]", found))

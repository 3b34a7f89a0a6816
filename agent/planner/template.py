"""What all pods of one template have in common."""

from collections.abc import Mapping
from typing import Final

import msgspec

from agent.model.desired import ConfigData, DesiredPod
from agent.model.labels import CONTAINERS, JOB_NAME, LEGACY_JOB_NAME, POD_TEMPLATE_HASH, REVISION_HASH
from agent.model.objects.daemonset import DaemonSet
from agent.model.objects.deployment import Deployment
from agent.model.objects.job import Job
from agent.model.objects.meta import ConfigKey, Declared, ObjectKey, PodKey
from agent.model.objects.pod import Pod, PodSpec, PodTemplate, Volume
from agent.model.objects.replicaset import ReplicaSet
from agent.model.objects.runtimeclass import RuntimeClass
from agent.model.objects.statefulset import StatefulSet
from agent.model.plan import FingerprintKey
from agent.model.value import Value
from agent.planner.individual import INDIVIDUAL
from agent.planner.individual.daemonset import tolerant
from agent.planner.individual.statefulset import with_identity
from agent.planner.memo import remembered
from agent.planner.naming import set_name
from agent.planner.references import references_of
from agent.planner.scheduler.demand import Demand, demand_of
from agent.planner.templatehash import template_hash

Workload = Deployment | Pod | ReplicaSet | StatefulSet | DaemonSet | Job
_HASH_LABELS: Final[Mapping[str, str]] = {
    "Deployment": POD_TEMPLATE_HASH,
    "StatefulSet": REVISION_HASH,
    "DaemonSet": REVISION_HASH,
}
"""The label that names the template, for the kinds whose pods have one."""


class Slot(Value, frozen=True, kw_only=True):
    """A place for one pod of a workload. ``name`` is its key as memory spells it.

    ``host`` is the only one that it may be on, empty where the scheduler decides. ``template`` is an older one than the
    workload's newest, None for that.
    """

    key: PodKey
    name: str
    index: int = 0
    host: str = ""
    template: "Template | None" = None


class Template(Value, frozen=True, kw_only=True, weakref=True, gc=True):
    """One template of a workload, resolved: with its RuntimeClass, and the ConfigMaps and Secrets that it refers to.

    ``hash`` is empty for a Pod, which is its own template. ``set`` is what the pods' names begin with, ``names`` are
    the main containers: what has to run. ``claiming`` are the volumes that are bound to claims; ``runtime`` is the
    handler, and ``unresolved`` says why the pods cannot be placed at all. ``older`` is one that is not the newest;
    ``again`` is what a pod of such a one would be if it was made now, None as long as that is the same.
    """

    declared: Declared[Workload]
    hash: str
    set: str
    spec: PodSpec
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    config: Mapping[ConfigKey, ConfigData]
    names: tuple[str, ...]
    demand: Demand
    claiming: tuple[Volume, ...] = ()
    runtime: str = ""
    unresolved: str = ""
    older: bool = False
    again: "Template | None" = None

    def slot(self, index: int) -> Slot:
        """Return one slot of the template, for a pod that is like all others."""
        return self.named_slot(f"{self.set}-{index}" if self.hash else self.set, index)

    def named_slot(self, name: str, index: int, *, host: str = "") -> Slot:
        """Return a slot whose pod has a name of its own."""
        namespace = self.declared.key.namespace
        return Slot(key=PodKey(namespace=namespace, name=name), name=f"{namespace}/{name}", index=index, host=host)


@remembered
def first_slots(template: Template, count: int) -> tuple[Slot, ...]:
    """Return the slots 0 to ``count`` - 1."""
    return tuple(template.slot(index) for index in range(count))


@remembered
def desired_pods(template: Template, slots: tuple[Slot, ...]) -> tuple[DesiredPod, ...]:
    """Return what the pods in some slots should be, slot by slot."""
    individual = INDIVIDUAL.get(template.declared.key.kind)
    pods = (_desired_pod(template, slot) for slot in slots)
    if individual is None:
        return tuple(pods)
    return tuple(individual(pod, slot.index) for pod, slot in zip(pods, slots, strict=True))


def _desired_pod(template: Template, slot: Slot) -> DesiredPod:
    declared = template.declared
    return DesiredPod(
        key=slot.key,
        owner=declared.key,
        origin=declared.origin,
        spec_path="spec.template.spec" if template.hash else "spec",
        spec=template.spec,
        labels=template.labels,
        annotations=template.annotations,
        config=template.config,
        runtime=template.runtime,
        older=template.older,
    )


@remembered
def resolve_template(
    declared: Declared[Workload],
    config: tuple[ConfigData, ...],
    key: FingerprintKey,
    runtime: RuntimeClass | None = None,
    made_as: str = "",
) -> Template:
    """Return a workload's template with the configuration, and the RuntimeClass, that it refers to.

    ``made_as`` is the hash that pods of an older template already have: what it refers to may have changed since.
    """
    body, resolved, kind = declared.body, {data.key: data for data in config}, declared.key.kind
    template = pod_template(body)
    written = template.spec if template is not None else pod_spec(body)
    spec = _in_class(written, runtime) if runtime is not None else written
    if kind == "DaemonSet":
        spec = tolerant(spec)
    names = tuple(sorted(container.name for container in spec.containers))
    meta = template.metadata if template is not None else body.metadata
    hashed = made_as or _hash(declared, resolved, key, runtime)
    several = template is not None and len(spec.every_container) > 1
    labels = {**meta.labels, **_own_labels(declared.key, hashed)}
    lacking = spec.runtime_class_name and runtime is None
    return Template(
        declared=declared,
        hash=hashed,
        set=set_name(declared.key.name, hashed) if hashed else declared.key.name,
        spec=spec,
        labels=labels,
        annotations={**meta.annotations, CONTAINERS: ",".join(names)} if several else meta.annotations,
        config=resolved,
        names=names,
        demand=demand_of(
            spec,
            namespace=declared.key.namespace,
            labels=labels,
            handler=runtime.handler if runtime is not None else "",
        ),
        claiming=tuple(volume for volume in spec.volumes if volume.persistent_volume_claim or volume.ephemeral),
        runtime=runtime.handler if runtime is not None else "",
        unresolved=f'RuntimeClass "{spec.runtime_class_name}" not found' if lacking else "",
        older=bool(made_as),
    )


def _hash(
    declared: Declared[Workload],
    config: Mapping[ConfigKey, ConfigData],
    key: FingerprintKey,
    runtime: RuntimeClass | None,
) -> str:
    """Return the hash that names a workload's template; empty for a Pod.

    Of a job it leaves out what ConfigMaps and Secrets say, and what LimitRanges fill in, as in Kubernetes: a changed
    password is no reason to do the work once more.
    """
    body, written = declared.body, declared.written or declared.body
    if isinstance(written, Job):
        return template_hash(written.spec.template, {}, key, runtime, written.spec.completion_mode)
    template = pod_template(body)
    # A Deployment and a ReplicaSet of one name and one template must not take each other's pods for their own.
    kind = ("ReplicaSet",) if isinstance(body, ReplicaSet) else ()
    return "" if template is None else template_hash(template, config, key, runtime, *kind)


def _own_labels(owner: ObjectKey, hashed: str) -> Mapping[str, str]:
    """Return the labels that the kind itself gives to all pods of a template."""
    if owner.kind in _HASH_LABELS:
        return {_HASH_LABELS[owner.kind]: hashed}
    return {JOB_NAME: owner.name, LEGACY_JOB_NAME: owner.name} if owner.kind == "Job" else {}


def _in_class(spec: PodSpec, runtime: RuntimeClass) -> PodSpec:
    """Return a spec with what its RuntimeClass adds, as Kubernetes' admission of pods does."""
    overhead = runtime.overhead.pod_fixed if runtime.overhead is not None else {}
    scheduling = runtime.scheduling
    if scheduling is None:
        return msgspec.structs.replace(spec, overhead=overhead)
    return msgspec.structs.replace(
        spec,
        overhead=overhead,
        node_selector={**scheduling.node_selector, **spec.node_selector},
        tolerations=tuple(dict.fromkeys((*spec.tolerations, *scheduling.tolerations))),
    )


def pod_template(body: Workload) -> PodTemplate | None:
    """Return a workload's pod template; None for a Pod, which is its own."""
    if isinstance(body, StatefulSet):
        return with_identity(body)
    return None if isinstance(body, Pod) else body.spec.template


def pod_spec(body: Workload) -> PodSpec:
    """Return the spec of a workload's pods."""
    return body.spec if isinstance(body, Pod) else body.spec.template.spec


@remembered
def references(declared: Declared[Workload]) -> tuple[ConfigKey, ...]:
    """Return the ConfigMaps and Secrets that a workload's pods refer to, sorted."""
    return references_of(pod_spec(declared.body))

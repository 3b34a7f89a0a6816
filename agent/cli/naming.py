"""Objects as kubectl's users name them, ``deployment/web`` or ``deploy web``, and as kubectl names them back."""

from collections.abc import Collection, Sequence
from difflib import get_close_matches

from agent.cli.kinds import CLUSTER_SCOPED, kind_named
from agent.manifests.kinds import API_VERSIONS, GROUP
from agent.model.objects.fleet import AnyObject, Fleet
from agent.model.objects.meta import Declared, ObjectKey
from agent.ports import Permanent


def named(words: Sequence[str], namespace: str, *, kinds: Collection[str], can: str) -> ObjectKey:
    """Return the object that one word (KIND/NAME) or two (KIND NAME) mean; of a kind that ``can`` be done. Raises."""
    kind, slash, name = (words[0] if words else "").partition("/")
    given = [name, *words[1:]] if slash else list(words[1:])
    if len(given) != 1 or not given[0] or not kind:
        raise Permanent("which object?", hint="name one as KIND/NAME or KIND NAME, such as deployment/web")
    found = kind_named(kind.partition(".")[0])  # deployment.apps/web, as this and kubectl print it
    if found not in kinds:
        raise Permanent(f"a {found} cannot be {can}", hint=f"these can: {', '.join(kinds)}")
    return ObjectKey(kind=found, namespace="" if found in CLUSTER_SCOPED else namespace, name=given[0])


def declared_in(fleet: Fleet, key: ObjectKey) -> Declared[AnyObject]:
    """Return an object of a revision. Raises Permanent, with the nearest names, where there is none."""
    declared = fleet.objects.get(key)
    if declared is not None:
        return declared
    names = [one.name for one in fleet.objects if (one.kind, one.namespace) == (key.kind, key.namespace)]
    elsewhere = [one.namespace for one in fleet.objects if (one.kind, one.name) == (key.kind, key.name)]
    near = get_close_matches(key.name, names, n=3, cutoff=0.4)
    if elsewhere:
        hint = f"there is one in another namespace: -n {', -n '.join(elsewhere)}"
    else:
        hint = f"did you mean {', '.join(near)}?" if near else f"`trimtab get {key.kind.lower()} -A` lists all"
    raise Permanent(f"there is no {key} in revision {fleet.revision.short}", hint=hint)


def resource(key: ObjectKey) -> str:
    """Return how kubectl shows an object: ``deployment.apps/web``, ``pod/one``."""
    version = API_VERSIONS[key.kind]
    group = version.partition("/")[0] if "/" in version and version != GROUP else ""
    return f"{key.kind.lower()}{'.' if group else ''}{group}/{key.name}"

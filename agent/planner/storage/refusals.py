"""Why a pod cannot be placed for its claims' sake, at all or on a host, in Kubernetes' words where it has them."""

from collections.abc import Sequence

from agent.model.observation import Seen
from agent.planner.storage.ledger import Ledger
from agent.planner.storage.matching import reachable
from agent.planner.storage.uses import Asked, Use


def refusal(ledger: Ledger, uses: Sequence[Use], pod: str) -> str:
    """Return why a pod can go nowhere before its claims are served; empty when they can be."""
    for use in uses:
        asked, short = ledger.stock.asked.get(use.claim), use.claim.partition("/")[2]
        if asked is None:
            return f'persistentvolumeclaim "{short}" not found'
        if asked.owner != (pod if use.own else ""):
            return f'persistentvolumeclaim "{short}" was not created for pod {pod.partition("/")[2]}'
        if why := pending(ledger, asked):
            return f'persistentvolumeclaim "{short}" not bound: {why}'
    return ""


def pending(ledger: Ledger, asked: Asked) -> str:
    """Return why a claim has no volume, and would get none with a pod that uses it; empty when it has, or would."""
    record, stock = ledger.records.get(asked.name), ledger.stock
    if record is not None:
        lost = not record.uid and record.volume not in stock.volumes
        return f"its volume {record.volume} is lost: nobody declares it any more" if lost else ""
    if why := stock.unsure(asked):
        return why
    return "" if ledger.volume_anywhere(asked) is not None else stock.unmakeable(asked)


def against(ledger: Ledger, uses: Sequence[Use], host: str, pod: str) -> str:
    """Return why a pod with these claims cannot be on a host; empty when it can."""
    chosen: list[str] = []
    for name in ledger.by_size(uses):
        asked = ledger.stock.asked.get(name)
        if asked is None:
            continue
        if name in ledger.records:
            if why := _bound_elsewhere(ledger, asked, host) or _in_use(ledger, asked, host, pod):
                return why
        elif (found := ledger.volume_on(asked, host, chosen)) is not None:
            chosen.append(found.metadata.name)
        elif not ledger.stock.makes(asked):
            return f"no volume for claim {asked.short} can be reached"
    return ""


def rivals(ledger: Ledger, uses: Sequence[Use], pod: str) -> tuple[str, ...]:
    """Return the pods that still run with a claim which only one pod may use."""
    stock = ledger.stock
    single = [use.claim for use in uses if (asked := stock.asked.get(use.claim)) is not None and asked.one_pod]
    return tuple(sorted({other for name in single for other in ledger.running(name)} - {pod}))


def _bound_elsewhere(ledger: Ledger, asked: Asked, host: str) -> str:
    record, stock = ledger.records[asked.name], ledger.stock
    volume = None if record.uid else stock.volumes.get(record.volume)
    if volume is not None and not reachable(volume, host, stock.labels(host)):
        return f"volume {record.volume} of claim {asked.short} cannot be reached"
    if not record.host or record.host == host:
        return ""
    # Of a declared folder it can be seen who uses it; otherwise the host that it was used on last has it.
    visible = ledger.path(asked.name) and isinstance(stock.observations.get(record.host), Seen)
    if record.uid or (asked.one_host and not visible):
        return f"volume of claim {asked.short} is on {record.host}"
    return ""


def _in_use(ledger: Ledger, asked: Asked, host: str, pod: str) -> str:
    if not asked.one_host:
        return ""
    placed = ledger.users.get(asked.name, {})
    others = {**ledger.running(asked.name), **placed}
    elsewhere = sorted({there for other, there in others.items() if other != pod and there != host})
    if elsewhere:
        return f"claim {asked.short} is in use on {elsewhere[0]}"
    if asked.one_pod and (sharing := sorted(placed.keys() - {pod})):
        return f"claim {asked.short} is for one pod only, and {sharing[0].partition('/')[2]} has it"
    return ""

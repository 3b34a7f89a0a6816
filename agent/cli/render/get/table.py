from collections.abc import Mapping, Sequence
from typing import Final

from agent.cli.render.get import batch, config, hosts, pods, policies, storage, workloads
from agent.cli.render.get.columns import Column, Entry
from agent.cli.render.table import table

_COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    **pods.COLUMNS,
    **workloads.COLUMNS,
    **batch.COLUMNS,
    **policies.COLUMNS,
    **hosts.COLUMNS,
    **config.COLUMNS,
    **storage.COLUMNS,
}


def render(kind: str, entries: Sequence[Entry], *, now: float, wide: bool, namespaces: bool) -> str:
    """Return the table of one kind; ``namespaces`` adds the column for all of them."""
    columns = [column for column in _COLUMNS[kind] if wide or not column.wide]
    titles = [*(["NAMESPACE"] if namespaces else []), *(column.title for column in columns)]
    rows = [
        [*([entry.namespace] if namespaces else []), *(column.cell(entry, now) for column in columns)]
        for entry in entries
    ]
    return "\n".join(table(titles, rows))

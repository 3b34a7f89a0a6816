"""Which question of Prometheus stands for an External metric."""

import json
import re
from collections.abc import Iterator
from typing import Final

from agent.model.labels import QUERY
from agent.model.objects.autoscaler import HorizontalPodAutoscaler, MetricIdentifier
from agent.model.objects.selector import LabelSelector

_PLAIN: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SPECIAL: Final = re.compile(r"([\\.+*?()|\[\]{}^$])")


def query_of(scaler: HorizontalPodAutoscaler, metric: MetricIdentifier) -> str:
    """Return the PromQL of a metric: its annotation, else the sum of all series with its name and labels."""
    own = scaler.metadata.annotations.get(f"{QUERY}{metric.name}", "").strip()
    return own or f"sum({metric.name}{_matchers(metric.selector or LabelSelector())})"


def _matchers(selector: LabelSelector) -> str:
    written = ",".join(_each(selector))
    return f"{{{written}}}" if written else ""


def _each(selector: LabelSelector) -> Iterator[str]:
    for key, value in sorted(selector.match_labels.items()):
        yield f"{_label(key)}={_text(value)}"
    for one in selector.match_expressions:
        values = _text("|".join(_SPECIAL.sub(r"\\\1", value) for value in one.values))
        match one.operator:
            case "In":
                yield f"{_label(one.key)}=~{values}"
            case "NotIn":
                yield f"{_label(one.key)}!~{values}"
            case "Exists":
                yield f'{_label(one.key)}!=""'
            case "DoesNotExist":
                yield f'{_label(one.key)}=""'


def _label(name: str) -> str:
    """Return a label's name; one that is no plain word is quoted, as Prometheus 3 reads it."""
    return name if _PLAIN.fullmatch(name) else _text(name)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)

"""The question that stands for an External metric."""

import pytest

from agent.model.objects.autoscaler import MetricIdentifier
from agent.model.objects.selector import LabelSelector, LabelSelectorRequirement
from agent.planner.autoscaling.external import query_of
from tests.planner.autoscaling.build import autoscaler


@pytest.mark.parametrize(
    ("selector", "query"),
    [
        (None, "sum(jobs)"),
        (LabelSelector(match_labels={"queue": "mail", "env": "prod"}), 'sum(jobs{env="prod",queue="mail"})'),
        (LabelSelector(match_labels={"queue": 'a"}) or vector(1'}), 'sum(jobs{queue="a\\"}) or vector(1"})'),
        (LabelSelector(match_labels={"app.kubernetes.io/name": "x"}), 'sum(jobs{"app.kubernetes.io/name"="x"})'),
        (
            LabelSelector(
                match_expressions=(
                    LabelSelectorRequirement(key="queue", operator="In", values=("a.b", "c")),
                    LabelSelectorRequirement(key="env", operator="NotIn", values=("test",)),
                    LabelSelectorRequirement(key="up", operator="Exists"),
                    LabelSelectorRequirement(key="old", operator="DoesNotExist"),
                )
            ),
            'sum(jobs{queue=~"a\\\\.b|c",env!~"test",up!="",old=""})',
        ),
    ],
)
def test_a_metric_is_the_sum_of_its_series(selector: LabelSelector | None, query: str) -> None:
    assert query_of(autoscaler(), MetricIdentifier(name="jobs", selector=selector)) == query


def test_an_annotation_asks_something_else() -> None:
    own = autoscaler(annotations={"prometheus.trimtab.dev/jobs": " max(rate(jobs_total[5m])) "})
    assert query_of(own, MetricIdentifier(name="jobs")) == "max(rate(jobs_total[5m]))"
    assert query_of(own, MetricIdentifier(name="other")) == "sum(other)"

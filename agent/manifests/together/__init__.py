"""What is wrong with objects only when they are seen together. One file a subject, each linear in the objects."""

from collections.abc import Sequence

from agent.manifests.parsed import ParsedObject
from agent.manifests.together.autoscalers import check_autoscalers
from agent.manifests.together.duplicates import check_duplicates
from agent.manifests.together.fleetsize import check_fleet_size
from agent.manifests.together.hostports import check_host_ports
from agent.manifests.together.hosts import check_any_host, check_same_machine
from agent.manifests.together.index import Index
from agent.manifests.together.limitranges import check_limit_ranges
from agent.manifests.together.missing import check_missing
from agent.manifests.together.podnames import check_pod_names
from agent.manifests.together.priorities import check_priorities
from agent.manifests.together.pullsecrets import check_pull_secrets
from agent.manifests.together.quotas import check_quotas
from agent.manifests.together.runtimes import check_runtimes
from agent.model.problem import Problem


def check_together(objects: Sequence[ParsedObject], *, whole: bool, complete: bool) -> list[Problem]:
    """Return the problems of objects with each other.

    ``whole`` says that these are all objects of a source; otherwise what is not among them may well be elsewhere.
    ``complete`` says that every document could be read as an object; otherwise nothing is called missing, because it
    may be in what could not be read.
    """
    index = Index(objects)
    problems = [
        *check_duplicates(index),
        *check_missing(index, absent=whole and complete),
        *check_pod_names(index),
        *check_fleet_size(index),
        *check_same_machine(index),
        *check_pull_secrets(index),
        *check_runtimes(index),
        *check_priorities(index, whole=whole and complete),
        *check_autoscalers(index, whole=whole and complete),
        *check_limit_ranges(index),
    ]
    if whole and complete:
        problems.extend(check_any_host(index))
        problems.extend(check_host_ports(index))
        problems.extend(check_quotas(index))
    return problems

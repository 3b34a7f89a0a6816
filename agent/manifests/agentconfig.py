"""The agent's own configuration, read as strictly as any manifest."""

from agent.manifests.checks.agent import check_agent
from agent.manifests.conform import conform
from agent.manifests.fault import Fault
from agent.manifests.finding import Finding
from agent.manifests.node import Mark
from agent.manifests.objects import read_nodes, wrong_version
from agent.manifests.parse import fault_problem, finding_problems
from agent.manifests.presentable import presentable
from agent.model.objects.agent import AgentConfig
from agent.model.problem import Problem
from agent.model.typed import prepare

_KIND = "Agent"


prepare(AgentConfig)


def load_agent_config(file: str, content: bytes) -> AgentConfig | tuple[Problem, ...]:
    """Return the configuration that a file holds, or everything that is wrong with it."""
    nodes, faults = read_nodes(content)
    if not faults and len(nodes) != 1:
        message = f"the file holds {len(nodes)} documents, an agent has one configuration"
        faults.append(Fault(Mark(1, 1), "not-a-manifest", message))
    if faults:
        return presentable(fault_problem(file, fault) for fault in faults)
    node = nodes[0]
    if not isinstance(node.data, dict) or node.data.get("kind") != _KIND:
        message = "this is no Agent configuration: a mapping with `kind: Agent`"
        return presentable(finding_problems(file, node, [Finding(("kind",), "unknown-kind", message)]))
    wrong = wrong_version(node, _KIND)
    if wrong is not None:
        return presentable(finding_problems(file, node, [wrong]))
    conformed = conform(node, _KIND, AgentConfig)
    config, findings = conformed.body, conformed.findings
    if config is not None:
        findings.extend(conformed.further(check_agent(config)))
    if config is None or findings:
        return presentable(finding_problems(file, node, findings))
    return config

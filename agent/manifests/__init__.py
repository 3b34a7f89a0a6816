"""From the bytes of a revision to its objects, or to problems that say where and what to do."""

from agent.manifests.agentconfig import load_agent_config
from agent.manifests.cache import Cache
from agent.manifests.explanation import Explanation, Field, NoSuchFieldError, explain_field
from agent.manifests.loading import Loaded, load
from agent.manifests.locate import locate
from agent.manifests.node import Mark

__all__ = [
    "Cache",
    "Explanation",
    "Field",
    "Loaded",
    "Mark",
    "NoSuchFieldError",
    "explain_field",
    "load",
    "load_agent_config",
    "locate",
]

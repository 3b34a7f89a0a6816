"""Marks for addresses that are not known before the sandbox is there: the executor puts the real ones in."""

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from agent.model.cri import ContainerConfig, EnvValue
from agent.model.value import Sensitive, Text, reveal

POD_IP: Final = "\0pod-ip\0"
"""The pod's first address. NUL can stand in no variable and no argument, so a mark is never mistaken for text."""
POD_IPS: Final = "\0pod-ips\0"
"""All its addresses, comma-separated."""


def with_ips(config: ContainerConfig, ips: Sequence[str]) -> ContainerConfig:
    """Return a configuration with addresses in place of the marks."""

    def told(text: Text) -> Text:
        plain = reveal(text)
        if "\0" not in plain:
            return text
        known = plain.replace(POD_IPS, ",".join(ips)).replace(POD_IP, ips[0] if ips else "")
        return Sensitive(known) if isinstance(text, Sensitive) else known

    return replace(
        config,
        command=tuple(told(text) for text in config.command),
        args=tuple(told(text) for text in config.args),
        envs=tuple(EnvValue(name=env.name, value=told(env.value)) for env in config.envs),
    )

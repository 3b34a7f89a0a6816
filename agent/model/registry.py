"""Credentials for image registries."""

from agent.model.value import Sensitive, Value


class RegistryAuth(Value, frozen=True, kw_only=True):
    """An entry of a docker config: ``server`` is the registry's host, as the image names it."""

    server: str
    username: str = ""
    password: Sensitive = Sensitive("")
    identity_token: Sensitive = Sensitive("")

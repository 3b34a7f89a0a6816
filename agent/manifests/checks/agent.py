"""The agent's own configuration."""

import re
from typing import Final
from urllib.parse import urlsplit

from agent.manifests.checks.addresses import is_address
from agent.manifests.checks.unique import check_unique
from agent.manifests.finding import Finding, Findings, Steps
from agent.model.duration import parse_duration
from agent.model.objects.agent import AgentConfig, Cleanup
from agent.model.quantity import whole

_SCHEMES: Final = ("ssh", "https", "http", "git", "file")
_TRANSPORT: Final = re.compile(r"[A-Za-z0-9]+::")


def check_agent(config: AgentConfig) -> Findings:
    """Yield what is wrong with an agent's configuration."""
    spec = config.spec
    yield from _url(spec.source.url, ("spec", "source", "url"))
    for steps, duration in (
        (("source", "interval"), spec.source.interval),
        (("source", "timeout"), spec.source.timeout),
        (("ssh", "connectTimeout"), spec.ssh.connect_timeout),
        (("ssh", "keepaliveInterval"), spec.ssh.keepalive_interval),
        (("limits", "resync"), spec.limits.resync),
        (("cleanup", "interval"), spec.cleanup.interval),
    ):
        if parse_duration(duration) <= 0:
            yield Finding(("spec", *steps), "bad-value", "the duration must be more than 0")
    yield from _cleanup(spec.cleanup)
    profiles = ("spec", "scheduler", "profiles")
    yield from check_unique(spec.scheduler.profiles, profiles, lambda profile: profile.name, "profile", "name")
    if spec.prometheus is not None:
        yield from _web_address(spec.prometheus.url, ("spec", "prometheus", "url"))
    if not is_address(spec.metrics.address):
        hint = "write 127.0.0.1 to serve this machine only"
        yield Finding(("spec", "metrics", "address"), "bad-value", "this is not an IP address", hint)


def _cleanup(cleanup: Cleanup) -> Findings:
    if cleanup.image_low > cleanup.image_high:
        at = ("spec", "cleanup", "imageGCLowThresholdPercent")
        yield Finding(at, "bad-value", f"this is above imageGCHighThresholdPercent, {cleanup.image_high}")
    if whole(cleanup.container_log_max_size) <= 0:
        yield Finding(("spec", "cleanup", "containerLogMaxSize"), "bad-value", "the size must be more than 0")


def _web_address(url: str, at: Steps) -> Findings:
    """Yield why a URL is not one to ask. The URL is not shown: it may hold a password."""
    try:
        parts = urlsplit(url)
        host, user, _ = parts.hostname, parts.username, parts.port
    except ValueError:
        host, user = None, None
    if host is None:
        yield Finding(at, "bad-value", "this is not a URL", "write it as in http://127.0.0.1:9090")
    elif user is not None:
        hint = "put the token in a file that only the agent can read, and name it in tokenFile"
        yield Finding(at, "bad-value", "the URL holds credentials", hint)


def _url(url: str, at: Steps) -> Findings:
    """Yield why a URL is not one to fetch from. The URL is not shown: it may hold a password."""
    if _TRANSPORT.match(url):
        yield Finding(at, "bad-value", "transport helpers (`NAME::`) are not allowed", "write an ssh or https URL")
        return
    if "://" not in url:
        return
    try:
        parts = urlsplit(url)
        password, user = parts.password, parts.username
    except ValueError:
        yield Finding(at, "bad-value", "this is not a URL")
        return
    if parts.scheme not in _SCHEMES:
        yield Finding(at, "bad-value", f"the URL's scheme is not one of {', '.join(_SCHEMES)}")
    elif password is not None or (user is not None and parts.scheme != "ssh"):
        hint = "put the token in a file that only the agent can read, and name it in tokenFile"
        yield Finding(at, "bad-value", "the URL holds credentials", hint)

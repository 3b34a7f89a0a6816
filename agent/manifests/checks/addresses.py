"""IP addresses."""

from ipaddress import ip_address

from agent.manifests.finding import Finding, Findings, Steps


def is_address(text: str) -> bool:
    """Tell whether a text is an IPv4 or IPv6 address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def check_address(text: str, at: Steps) -> Findings:
    """Yield that a text is no IP address."""
    if not is_address(text):
        yield Finding(at, "bad-value", "this is not an IP address")

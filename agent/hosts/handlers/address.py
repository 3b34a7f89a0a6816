"""Addresses as they stand in URLs and in messages."""


def joined(host: str, port: int | str) -> str:
    """Return ``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

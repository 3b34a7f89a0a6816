"""ConfigMap and Secret. Nothing here shows a value."""

import binascii
import json
from collections.abc import Mapping
from typing import Final

from agent.manifests.finding import Finding, Findings
from agent.model.objects.config import ConfigMap, Secret

_MAX_BYTES: Final = 1024 * 1024
_REQUIRED_KEYS: Final = {
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
}
_JSON_KEYS: Final = (".dockercfg", ".dockerconfigjson")
_BASIC_AUTH_KEYS: Final = ("username", "password")


def check_config_map(config: ConfigMap) -> Findings:
    """Yield what is wrong with a ConfigMap."""
    for key in config.data:
        if key in config.binary_data:
            message = f"key `{key}` is in both `data` and `binaryData`"
            yield Finding(("binaryData", key), "duplicate", message, at_key=True, also=("data", key))
    decoded, findings = _decode(config.binary_data, "binaryData")
    yield from findings
    size = sum(len(value.encode()) for value in config.data.values()) + sum(map(len, decoded.values()))
    yield from _size(size, "ConfigMap")


def check_secret(secret: Secret) -> Findings:
    """Yield what is wrong with a Secret."""
    decoded, findings = _decode(secret.data, "data")
    yield from findings
    content = decoded | {key: value.encode() for key, value in secret.string_data.items()}
    yield from _size(sum(map(len, content.values())), "Secret")
    present = {*secret.data, *secret.string_data}
    for key in _REQUIRED_KEYS.get(secret.type, ()):
        if key not in present:
            yield Finding(("type",), "missing-key", f"a Secret of type `{secret.type}` needs the key `{key}`")
        elif key in _JSON_KEYS and key in content and not _is_json_object(content[key]):
            field = "stringData" if key in secret.string_data else "data"
            yield Finding((field, key), "bad-value", "the value is not a JSON object", at_key=True)
    if secret.type == "kubernetes.io/basic-auth" and present.isdisjoint(_BASIC_AUTH_KEYS):
        yield Finding(("type",), "missing-key", f"a Secret of type `{secret.type}` needs `username` or `password`")
    if secret.type == "kubernetes.io/service-account-token":
        yield Finding(("type",), "bad-value", "there are no service accounts here", "write type: Opaque")


def _decode(encoded: Mapping[str, str], field: str) -> tuple[dict[str, bytes], list[Finding]]:
    decoded: dict[str, bytes] = {}
    findings: list[Finding] = []
    for key, text in encoded.items():
        try:
            # Go's decoder skips line breaks, and nothing else.
            decoded[key] = binascii.a2b_base64(text.replace("\n", "").replace("\r", "").encode(), strict_mode=True)
        except binascii.Error:
            hint = "encode it, or write it as it is in `stringData`" if field == "data" else "encode it"
            findings.append(
                Finding((field, key), "bad-value", f"the value of `{key}` is not base64", hint, at_key=True)
            )
    return decoded, findings


def _size(size: int, kind: str) -> Findings:
    if size > _MAX_BYTES:
        yield Finding((), "too-large", f"the {kind} holds {size} bytes, the limit is {_MAX_BYTES}")


def _is_json_object(content: bytes) -> bool:
    try:
        return isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        return False

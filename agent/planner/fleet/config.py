import base64

from agent.model.desired import ConfigData
from agent.model.objects.config import ConfigMap, Secret
from agent.model.objects.meta import ConfigKey, Declared
from agent.planner.memo import remembered


@remembered
def config_data(declared: Declared[ConfigMap | Secret]) -> ConfigData:
    """Return the decoded content of a ConfigMap or Secret; what is written as plain text wins."""
    body = declared.body
    if isinstance(body, Secret):
        encoded, plain = body.data, body.string_data
    else:
        encoded, plain = body.binary_data, body.data
    entries = {name: base64.b64decode(text) for name, text in encoded.items()}
    entries |= {name: text.encode() for name, text in plain.items()}
    return ConfigData(
        key=ConfigKey(kind=body.kind, name=body.metadata.name),
        entries=dict(sorted(entries.items())),
        origin=declared.origin,
    )

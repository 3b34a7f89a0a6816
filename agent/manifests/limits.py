"""The bounds on what a source may hold, so that hostile input costs little time and memory.

All are far above what Kubernetes itself takes in one object (1 MiB for a ConfigMap or Secret, about 1.5 MiB over all).
"""

from typing import Final

MAX_FILES: Final = 20_000
"""Manifest files of a revision."""
MAX_TOTAL_BYTES: Final = 256 * 1024 * 1024
"""All manifest files of a revision together."""
MAX_FILE_BYTES: Final = 4 * 1024 * 1024
"""One manifest file; a larger one is not even read."""
MAX_DOCUMENTS_PER_FILE: Final = 20_000
MAX_DEPTH: Final = 64
"""How deep mappings and lists may nest. The deepest field of a manifest lies at about 12."""
MAX_WEIGHT: Final = 200_000
"""Values of one document with every alias written out; long texts weigh more, by ``TEXT_PER_WEIGHT``."""
TEXT_PER_WEIGHT: Final = 64
MAX_PROBLEMS_PER_DOCUMENT: Final = 50
"""What a person still reads; the rest of the document's problems is counted, not listed."""
MAX_PROBLEMS: Final = 1000
"""The same for a whole revision."""
MAX_IGNORE_BYTES: Final = 64 * 1024
"""One ``.trimtabignore``."""
MAX_PODS: Final = 100_000
"""Pods of all objects together; planning takes time and memory for each. The largest fleet measured has 20,000."""

"""Labels, annotations and paths by which live state is recognised. The one place where they are spelled."""

from typing import Final

POD_NAME: Final = "io.kubernetes.pod.name"
POD_NAMESPACE: Final = "io.kubernetes.pod.namespace"
POD_UID: Final = "io.kubernetes.pod.uid"
CONTAINER_NAME: Final = "io.kubernetes.container.name"

AGENT: Final = "trimtab.dev/agent"
"""Ownership: the agent's name, a label on every sandbox and container of ours. Without it, hands off."""

OWNER: Final = "trimtab.dev/owner"
"""Annotation on a sandbox: the object that owns the pod, as ``Kind/namespace/name``."""
REVISION: Final = "trimtab.dev/revision"
"""Annotation on sandboxes and containers: the commit in force when it was made. Never compared."""
GRACE_PERIOD: Final = "trimtab.dev/termination-grace-period-seconds"
"""Annotation on a sandbox: so that a pod whose manifest is gone is still stopped gently."""
RESTART_POLICY: Final = "trimtab.dev/restart-policy"
"""Annotation on a sandbox: so that a kept pod, whose manifest is gone, is still healed as it asked for."""
RESTART_STREAK: Final = "trimtab.dev/restart-streak"
"""Annotation on a container: restarts in this row of crashes; what back-off is computed from."""
CONTAINERS: Final = "trimtab.dev/containers"
"""Annotation on a sandbox of a workload: the comma-separated names of its containers, where it has several. A pod of
which only some were made before its manifest went is so not taken for a whole one."""
SENSITIVE: Final = "trimtab.dev/sensitive"
"""Annotation on a container: comma-separated places that hold a Secret's content (``env:NAME``, ``args:0``)."""
POD_TEMPLATE_HASH: Final = "pod-template-hash"

PODS_DIR: Final = "/var/lib/trimtab/pods"
"""Pod files on the host: ``UID/volumes/KIND/NAME``."""
SECRETS_DIR: Final = "/run/trimtab/pods"
"""The same for Secrets and memory-backed volumes; a tmpfs."""
LOGS_DIR: Final = "/var/log/pods"
OWNER_FILE: Final = "/var/lib/trimtab/owner.json"
"""The owner record of a host: which agent holds it, and the fleet's fingerprint key. Mode 0600."""

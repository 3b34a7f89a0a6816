"""What the API server refuses of claims, volumes, classes of storage and of runtimes."""

import pytest

from tests.manifests.repo import load_text, shown
from tests.manifests.test_problems import one

CLAIM = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: a}\nspec: {%s}\n"
VOLUME = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {capacity: {storage: 1Gi}, %s}\n"
CLASS = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: a}\n%s\n"
RUNTIME = "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: a}\n%s\n"
MODES = "accessModes: [ReadWriteOnce], "
REQUEST = MODES + "resources: {requests: {storage: 1Gi}}"
TERM = "{nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [a]}]}]}"


@pytest.mark.parametrize(
    "text",
    [
        CLAIM % REQUEST,
        CLAIM % (REQUEST + ", storageClassName: '', volumeName: v, selector: {matchLabels: {a: b}}"),
        VOLUME % (MODES + "nfs: {server: a, path: /}, mountOptions: [nfsvers=4.1]"),
        VOLUME % (MODES + f"local: {{path: /a}}, nodeAffinity: {{required: {TERM}}}, storageClassName: local"),
        VOLUME % (MODES + "hostPath: {path: /a}, claimRef: {apiVersion: v1, kind: PersistentVolumeClaim, name: a}"),
        CLASS % "provisioner: trimtab.dev/local\nparameters: {root: /srv}\nvolumeBindingMode: WaitForFirstConsumer",
        CLASS % "provisioner: kubernetes.io/no-provisioner",
        RUNTIME % "handler: kata\noverhead: {podFixed: {memory: 64Mi}}\nscheduling: {nodeSelector: {kvm: 'true'}}",
    ],
)
def test_right(text: str) -> None:
    assert shown(load_text(text)) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (CLAIM % "resources: {requests: {storage: 1Gi}}", "missing-field: a claim says how its volume will be used"),
        (CLAIM % MODES, "missing-field: a claim says how much storage it needs"),
        (CLAIM % (MODES + "resources: {requests: {storage: 0}}"), "bad-value: a volume holds more than nothing"),
        (
            CLAIM % (MODES + "resources: {requests: {storage: 2Gi}, limits: {storage: 1Gi}}"),
            "bad-value: the request 2Gi is more than the limit 1Gi",
        ),
        (
            CLAIM % ("accessModes: [ReadWriteOnce, ReadWriteOncePod], " + REQUEST.removeprefix(MODES)),
            "bad-value: a volume for one pod only (`ReadWriteOncePod`) cannot be used in other ways too",
        ),
        (CLAIM % (REQUEST + ", volumeMode: Block"), "unsupported-value: `Block` is not supported: containers get file"),
        (CLAIM % (REQUEST + ", dataSource: {}"), "unsupported-field: field `dataSource` is not supported: volumes are"),
        (
            CLAIM % (REQUEST + ", selector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}"),
            "bad-value: the operator `Exists` takes no values",
        ),
        (VOLUME % MODES, "one-of: exactly one of `hostPath`, `local`, `nfs` is needed"),
        (VOLUME % (MODES + "local: {path: /a}"), "missing-field: a local volume is on certain hosts, which"),
        (
            VOLUME % (MODES + "csi: {driver: a}, hostPath: {path: /a}"),
            "unsupported-field: field `csi` is not supported",
        ),
        (
            VOLUME % (MODES + "hostPath: {path: /a}, mountOptions: [ro]"),
            "bad-value: a folder of the host is not mounted by options",
        ),
        (
            VOLUME % (MODES + "nfs: {server: a, path: /}, mountOptions: ['a b']"),
            "bad-value: `a b` is not valid: expected an option such as `nfsvers=4.1`",
        ),
        (
            VOLUME % (MODES + "hostPath: {path: /a}, persistentVolumeReclaimPolicy: Delete"),
            "unsupported-value: `Delete` is not supported: trimtab removes only data that it made itself",
        ),
        (CLASS % "provisioner: ebs.csi.aws.com", "bad-value: `ebs.csi.aws.com` is not one of `trimtab.dev/local`,"),
        (
            CLASS % "provisioner: kubernetes.io/no-provisioner\nparameters: {root: /a}",
            "bad-value: nothing is made by `kubernetes.io/no-provisioner`, so it has no parameters",
        ),
        (
            CLASS % "provisioner: trimtab.dev/local\nparameters: {root: a}",
            "bad-value: `a` is not valid: expected a path",
        ),
        (
            CLASS % "provisioner: trimtab.dev/local\nallowedTopologies: []",
            "unsupported-field: field `allowedTopologies` is not supported: a volume is made on the host",
        ),
        (RUNTIME % "handler: A", "bad-value: `A` is not valid: expected lower-case letters"),
        (
            RUNTIME % "handler: a\noverhead: {podFixed: {memory: 10E}}",
            "bad-value: `10E` is not an amount that Kubernetes",
        ),
        (
            CLASS.replace("{name: a}", "{name: a, namespace: b}") % "provisioner: trimtab.dev/local",
            "unsupported-field: field `namespace` is not allowed: this kind belongs to no namespace",
        ),
    ],
)
def test_wrong(text: str, problem: str) -> None:
    assert one(text).split(" ", 1)[1].startswith(problem)

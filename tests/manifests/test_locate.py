import pytest

from agent.manifests import locate

CONTENT = b"""\
apiVersion: v1
kind: List
items:
  - kind: ConfigMap
    metadata: {name: a, labels: {app.kubernetes.io/name: web}}
    data:
      app: one
      app.conf: |
        two
---
kind: Deployment
spec:
  replicas: 3
  template:
    spec:
      containers:
        - name: web
          image: web:1
          env:
            - {name: A, value: a}
            - {name: "0", value: b}
          volumeMounts:
            - {name: v, mountPath: /var/lib}
      volumes: []
"""


@pytest.mark.parametrize(
    ("document", "path", "place"),
    [
        (0, "data.app", (7, 7)),
        (0, "data.app.conf", (8, 7)),
        (0, "data.missing", (6, 5)),
        (0, "metadata.labels.app.kubernetes.io/name", (5, 34)),
        (1, "spec.replicas", (13, 3)),
        (1, "spec.template.spec.containers[web].image", (18, 11)),
        (1, "spec.template.spec.containers[0].image", (18, 11)),
        (1, "spec.template.spec.containers[web].env[A].value", (20, 25)),
        (1, "spec.template.spec.containers[web].env[0].value", (21, 27)),
        (1, "spec.template.spec.containers[web].env[1]", (21, 15)),
        (1, "spec.template.spec.containers[web].env[Z].value", (19, 11)),
        (1, "spec.template.spec.containers[web].volumeMounts[/var/lib].name", (23, 16)),
        (1, "spec.template.spec.containers[other].image", (16, 7)),
        (1, "spec.strategy.type", (12, 1)),
        (1, "", (11, 1)),
        (1, "]][[.", (11, 1)),
        (9, "spec", (1, 1)),
        (-1, "spec", (1, 1)),
    ],
)
def test_place(document: int, path: str, place: tuple[int, int]) -> None:
    assert tuple(locate(CONTENT, document, path)) == place

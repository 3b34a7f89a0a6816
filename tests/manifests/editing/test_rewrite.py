"""A change touches the lines that it is about, in the style in which the file is written."""

import copy
import difflib
from typing import Any

import pytest

from agent.manifests.editing import intents, lines_to_show, read_object, rewrite
from agent.ports import Permanent

WEB = """\
# who to ask: the shop team
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  # three for the quorum
  replicas: 3   # not less
  selector: {matchLabels: {app: web}}

  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web  # the page
        image: nginx:1.28
        args: ["-g", "daemon off;"]
      # counts
      - image: 'side:1'
        name: side
"""


def change(text: str, *edits: tuple[str, Any], document: int = 0) -> str:
    """Return the lines that a change takes out and puts in; ``edits`` are dotted paths and values (None: remove)."""
    content = text.encode()
    wanted = copy.deepcopy(read_object(content, document))
    for path, value in edits:
        *above, last = path.split(".")
        part: Any = wanted
        for step in above:
            part = part[int(step)] if isinstance(part, list) else part[step]
        place: Any = int(last) if isinstance(part, list) else last
        if value is None:
            del part[place]
        else:
            part[place] = value
    return difference(text, rewrite(content, document, wanted).decode())


def difference(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.split("\n"), after.split("\n"), n=0, lineterm="")
    return "\n".join(line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---"))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("spec.replicas", 5, "-  replicas: 3   # not less\n+  replicas: 5   # not less"),
        (
            "spec.template.spec.containers.1",
            {"name": "side", "image": "side:2"},
            "-      - image: 'side:1'\n+      - image: 'side:2'",
        ),
        ("spec.selector.matchLabels.tier", "1e3", '…{matchLabels: {app: web, tier: "1e3"}}'),
        ("spec.template.spec.containers.0.args", ["-g"], '…        args: ["-g"]'),
        ("spec.template.metadata.labels.ok", "yes", '+        ok: "yes"'),
        ("spec.template.spec.containers.0.command", ["a"], "+        command:\n+        - a"),
        ("metadata.annotations", {"a/b": "x: y"}, "+  annotations:\n+    a/b: 'x: y'"),
        ("spec.replicas", None, "-  replicas: 3   # not less"),
        ("spec.template.spec.containers.1", None, "-      - image: 'side:1'\n-        name: side"),
        ("spec.template.spec.containers.0", None, "…-      - name: web  # the page"),
        ("spec.template.metadata.labels.app", None, "…+      labels: {}"),
    ],
)
def test_the_lines_that_change(path: str, value: object, expected: str) -> None:
    if expected.startswith("…"):
        assert expected[1:] in change(WEB, (path, value))
    else:
        assert change(WEB, (path, value)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: A\nspec:\n  # first\n  b: 1\n", "+  replicas: 2"),
        ("kind: A\nspec: {b: 1}\n", "-spec: {b: 1}\n+spec: {replicas: 2, b: 1}"),
        ("kind: A\nspec: {}\n", "-spec: {}\n+spec: {replicas: 2}"),
        ("kind: A\nspec:\n", "+  replicas: 2"),
        ("kind: A\nspec:   # later\n", "+  replicas: 2"),
        ("kind: A", "+spec:\n+  replicas: 2"),
        ("{kind: A}", "-{kind: A}\n+{kind: A, spec: {replicas: 2}}"),
        ('{\n    "kind": "A"\n}\n', '-    "kind": "A"\n+    "kind": "A",\n+    "spec": {"replicas": 2}'),
        ('{"kind":"A","b":1}', '-{"kind":"A","b":1}\n+{"kind":"A","b":1,"spec": {"replicas": 2}}'),
        ("kind: A\nspec:\n      b: 1\n", "+      replicas: 2"),
        ("kind: &k A\nspec:\n  b: *k\n", "+  replicas: 2"),
        ("kind: A\nspec:\n  <<: {b: 1}\n", "+  replicas: 2"),
        ("kind: A\nspec:\n  replicas: 0x1\n", "-  replicas: 0x1\n+  replicas: 2"),
        ("kind: A\nspec:\n  replicas:\n  b: 1\n", "-  replicas:\n+  replicas: 2"),
    ],
)
def test_where_a_missing_field_goes(text: str, expected: str) -> None:
    result = rewrite(text.encode(), 0, intents.scaled(read_object(text.encode(), 0), 2)).decode()
    assert difference(text, result) == expected
    if "# first" in text:
        assert result.index("replicas") < result.index("# first"), "a comment stays with what it is about"


def test_a_file_that_ends_without_a_line_break_still_does() -> None:
    text = "kind: A\nspec:\n  b: 1"
    assert rewrite(text.encode(), 0, {"kind": "A", "spec": {"b": 1, "c": 2}}) == b"kind: A\nspec:\n  b: 1\n  c: 2"
    assert rewrite(text.encode(), 0, {"kind": "A"}) == b"kind: A"


def test_windows_lines_stay() -> None:
    text = WEB.replace("\n", "\r\n")
    result = rewrite(text.encode(), 0, intents.restarted(read_object(text.encode(), 0), "2026-01-02T03:04:05Z"))
    assert result.count(b"\r\n") == result.count(b"\n") == WEB.count("\n") + 2
    assert b"      annotations:\r\n        kubectl.kubernetes.io/restartedAt: '2026-01-02T03:04:05Z'\r\n" in result


def test_other_documents_stay_byte_for_byte() -> None:
    others = ("a: 'x'  \n\n\n", "# odd   \n{ b:   1 }\t\n", "ü: |+\n  💡\n\n")
    text = "\ufeff" + "---\n".join([others[0], others[1], WEB, others[2]])
    result = rewrite(text.encode(), 2, intents.scaled(read_object(text.encode(), 2), 4)).decode()
    assert result == text.replace("replicas: 3 ", "replicas: 4 ")


def test_an_item_of_a_list_within_a_list() -> None:
    item = "".join(f"    {line}\n" if line else "\n" for line in WEB.splitlines()).replace("    # who", "  - # who", 1)
    text = f"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: List\n  items:\n{item}- kind: B\n"
    result = rewrite(text.encode(), 0, intents.scaled(read_object(text.encode(), 0), 4)).decode()
    assert result == text.replace("replicas: 3 ", "replicas: 4 ")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: &x 1\nb: *x\n", {"a": 2, "b": 1}),
        ("a: &x {c: 1}\nb: *x\n", {"a": {"c": 2}, "b": {"c": 1}}),
        ("a: &x {c: 1}\nb: {<<: *x}\n", {"a": {"c": 1}, "b": {}}),
    ],
)
def test_what_is_shared_is_not_changed_behind_others_backs(text: str, wanted: dict[str, Any]) -> None:
    with pytest.raises(Permanent, match="shared by anchors"):
        rewrite(text.encode(), 0, wanted)


def test_an_alias_gives_way_to_what_is_wanted_where_it_stands() -> None:
    text = "a: &x {c: 1}\nb: *x\n"
    assert rewrite(text.encode(), 0, {"a": {"c": 1}, "b": {"c": 2}}) == b"a: &x {c: 1}\nb:\n  c: 2\n"
    merged = "a: &x {c: 1}\nb:\n  <<: *x\n"
    assert rewrite(merged.encode(), 0, {"a": {"c": 1}, "b": {"c": 2}}) == b"a: &x {c: 1}\nb:\n  <<: *x\n  c: 2\n"


def test_characters_in_two_halves_are_left_alone() -> None:
    with pytest.raises(Permanent, match="two halves"):
        rewrite(b'{"a": "\\ud83d\\ude00", "b": 1}', 0, {"a": "x", "b": 1})


TAINTED = """\
kind: Host
spec:
  taints:
  # GPUs only
  - key: gpu
    effect: NoSchedule
  ssh: {address: a}
"""


def test_a_taint_comes_and_goes_and_others_stay() -> None:
    content = TAINTED.encode()
    forgotten = rewrite(content, 0, intents.forgotten(read_object(content, 0)))
    added = "+  - key: node.kubernetes.io/out-of-service\n+    value: nodeshutdown\n+    effect: NoExecute"
    assert difference(TAINTED, forgotten.decode()) == added
    assert intents.forgotten(read_object(forgotten, 0)) == read_object(forgotten, 0)
    closed = rewrite(forgotten, 0, intents.cordoned(read_object(forgotten, 0), drain=True))
    assert rewrite(closed, 0, intents.uncordoned(read_object(closed, 0))) == content


@pytest.mark.parametrize(
    ("kind", "path"),
    [("Pod", "spec"), ("CronJob", "spec.jobTemplate.spec.template.spec"), ("DaemonSet", "spec.template.spec")],
)
def test_images_of_every_kind_of_pod(kind: str, path: str) -> None:
    data: Any = {"initContainers": [{"name": "i", "image": "a"}], "containers": [{"name": "c", "image": "b"}]}
    for step in reversed(path.split(".")):
        data = {step: data}
    data["kind"] = kind
    shown = str(intents.with_images(data, {"*": "all:1", "c": "one:2"}))
    assert "{'name': 'i', 'image': 'all:1'}" in shown
    assert "{'name': 'c', 'image': 'one:2'}" in shown
    with pytest.raises(Permanent, match="unable to find container named 'x'"):
        intents.with_images(data, {"x": "y"})


SECRET = "kind: Secret\nstringData:\n  p: hunter2\n"


@pytest.mark.parametrize(
    ("text", "document", "hidden"),
    [
        (f"{SECRET}---\nkind: A\nb: 1\n", 1, {1, 2, 3}),
        (f"kind: A\nb: 1\n---\n{SECRET}", 0, {3, 4, 5, 6}),
        (f"kind: A\n---\n{SECRET}...\n---\nkind: B\n", 0, {2, 3, 4, 5, 6}),
        (
            "kind: List\napiVersion: v1\nitems:\n- kind: A\n- kind: Secret\n  data: {}\n- kind: B\n",
            0,
            {1, 2, 3, 5, 6, 7},
        ),
        ('{"kind": "List", "apiVersion": "v1", "items": [{"kind": "A"}, {"kind": "Secret"}]}\n', 0, {1}),
        ("kind: A\n", 0, set()),
    ],
)
def test_lines_that_may_hold_a_secret_are_known(text: str, document: int, hidden: set[int]) -> None:
    assert set(range(1, text.count("\n") + 1)) - lines_to_show(text.encode(), document) == hidden

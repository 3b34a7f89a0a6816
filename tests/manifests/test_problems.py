"""One fault at a time, of one object: where it is, and what is said."""

import pytest

from tests.manifests.repo import load_text, shown

POD = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
    - name: a
      image: a
"""
CONTAINER = "a.yaml:8:7"
CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
SECRET_OF = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
HOST = "apiVersion: trimtab.dev/v1alpha1\nkind: Host\nmetadata: {name: a}\nspec:\n"
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
spec:
  template:
    metadata: {labels: {app: a}}
    spec: {containers: [{name: a, image: a}]}
"""
SELECTOR = "  selector: {matchLabels: {app: a}}\n"
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


def in_container(line: str) -> str:
    return f"{POD}      {line}\n"


def in_spec(line: str) -> str:
    return f"{POD}  {line}\n"


def one(text: str) -> str:
    problems = shown(load_text(text))
    assert len(problems) == 1, problems
    return problems[0]


@pytest.mark.parametrize("text", [POD, CONFIG_MAP, SECRET_OF, HOST + "  local: true\n", DEPLOYMENT + SELECTOR])
def test_the_texts_below_are_right_but_for_one_thing(text: str) -> None:
    assert shown(load_text(text)) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("imagee: b", f"{CONTAINER} unknown-field: unknown field `imagee`, did you mean `image`?"),
        (
            "volumeDevices: []",
            f"{CONTAINER} unsupported-field: field `volumeDevices` is not supported: containers get file",
        ),
        ("livenesProbe: {}", f"{CONTAINER} unknown-field: unknown field `livenesProbe`, did you mean `livenessProbe`?"),
        ("stdin: 1", "a.yaml:8:14 wrong-type: expected true or false, found the number `1`"),
        ('tty: "true"', "a.yaml:8:12 wrong-type: expected true or false, found the text `true`"),
        ("command: sh", "a.yaml:8:16 wrong-type: expected a list, found the text `sh`"),
        ("args: [8080]", "a.yaml:8:14 wrong-type: expected a text, found the number `8080`"),
        ("args: [0x10]", "a.yaml:8:14 wrong-type: expected a text, found the number `0x10`"),
        ('args: ["\\0"]', "a.yaml:8:14 bad-value: `\\x00` is not valid: expected a text without a NUL character"),
        (
            "imagePullPolicy: always",
            "a.yaml:8:24 bad-value: `always` is not one of `Always`, `IfNotPresent`, `Never`, did you mean `Always`?",
        ),
        ("env: [{value: a}]", "a.yaml:8:13 missing-field: field `name` is missing"),
        (
            "env: [{name: a=b}]",
            "a.yaml:8:20 bad-value: `a=b` is not valid: expected printable ASCII characters other than `=`",
        ),
        ("env: [{name: A}, {name: A}]", "a.yaml:8:31 duplicate: variable `A` is there twice"),
        (
            "env: [{name: A, valueFrom: {}}]",
            "a.yaml:8:34 one-of: exactly one of `configMapKeyRef`, `secretKeyRef`, `fieldRef`, `resourceFieldRef` is",
        ),
        (
            "env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.phase}}}]",
            "a.yaml:8:57 bad-value: `status.phase` is not valid: expected one of metadata.name, metadata.namespace,",
        ),
        ("envFrom: [{}]", "a.yaml:8:17 one-of: exactly one of `configMapRef`, `secretRef` is needed"),
        ("ports: [{containerPort: 0}]", "a.yaml:8:31 bad-value: `0` is less than 1"),
        ("ports: [{containerPort: 65536}]", "a.yaml:8:31 bad-value: `65536` is more than 65535"),
        ("ports: [{containerPort: 80, hostIP: a}]", "a.yaml:8:43 bad-value: this is not an IP address"),
        (
            "ports: [{containerPort: 80, hostIp: 10.0.0.1}]",
            "a.yaml:8:35 unknown-field: unknown field `hostIp`, did you mean `hostIP`?",
        ),
        (
            "ports: [{containerPort: 80, name: 8-0}]",
            "a.yaml:8:41 bad-value: `8-0` is not valid: expected at most 15 lower-case letters, digits and single `-`,",
        ),
        ("ports: [{containerPort: 80}, {containerPort: 80}]", "a.yaml:8:52 duplicate: port `80/TCP` is there twice"),
        ("volumeMounts: [{name: v, mountPath: /v}]", "a.yaml:8:29 unknown-volume: the pod has no volume `v`"),
        (
            "resources: {limits: {cpu: 1.5.0}}",
            "a.yaml:8:33 bad-value: `1.5.0` is not valid: expected an amount such as `500m`, `1.5` or `2Gi`",
        ),
        ("resources: {limits: {cpu: -1}}", "a.yaml:8:33 bad-value: `-1` is less than 0"),
        ("resources: {limits: {cpu: 10E}}", "a.yaml:8:33 bad-value: `10E` is not an amount that Kubernetes can hold"),
        ("resources: {limits: {gpu: 1}}", "a.yaml:8:28 unknown-field: unknown field `gpu`, did you mean `cpu`?"),
        (
            "securityContext: {capabilities: {add: [CAP_KILL]}}",
            "a.yaml:8:46 bad-value: `CAP_KILL` is not valid: expected a capability such as `NET_ADMIN`",
        ),
    ],
)
def test_container(line: str, problem: str) -> None:
    assert one(in_container(line)).startswith(problem)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("volumes: [{name: v}, {name: v}]", "a.yaml:8:31 duplicate: volume `v` is there twice"),
        (
            "volumes: [{name: v, configMap: {name: c, items: [{key: a, path: x}, {key: b, path: x}]}}]",
            "a.yaml:8:86 duplicate: path `x` is there twice",
        ),
        (
            "volumes: [{name: v, secret: {secretName: s, items: [{key: a, path: ../x}]}}]",
            "a.yaml:8:70 bad-value: `../x` is not valid: expected a relative path without `..`",
        ),
        (
            "volumes: [{name: v, cinder: {}}]",
            "a.yaml:8:23 unsupported-field: field `cinder` is not supported: a volume of a cloud, deprecated in",
        ),
        (
            "volumes: [{name: v, emptyDir: {medium: Disk}}]",
            "a.yaml:8:42 bad-value: `Disk` is not one of empty, `Memory`",
        ),
        (
            "volumes: [{name: v, configMap: {name: c, defaultMode: 0o1000}}]",
            "a.yaml:8:57 bad-value: `512` is more than 511",
        ),
        (
            "tolerations: [{}]",
            "a.yaml:8:17 bad-value: without a key, the operator must be `Exists`, which tolerates every taint",
        ),
        (
            "priority: 1",
            "a.yaml:8:3 unsupported-field: field `priority` is set by Kubernetes' admission, never written",
        ),
        ("terminationGracePeriodSeconds: 30s", "a.yaml:8:34 wrong-type: expected a whole number, found the text `30s`"),
    ],
)
def test_pod(line: str, problem: str) -> None:
    assert one(in_spec(line)).startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (DEPLOYMENT, "a.yaml:4:1 missing-field: field `selector` is missing"),
        (
            DEPLOYMENT + "  selector: {matchLabels: {app: b}}\n",
            "a.yaml:8:13 selector-mismatch: the selector does not match the labels of the template",
        ),
        (
            DEPLOYMENT + "  selector: {}\n",
            "a.yaml:8:3 bad-value: the selector is empty, which would select every pod",
        ),
        (
            DEPLOYMENT + "  selector: {matchExpressions: [{key: app, operator: Exists, values: [a]}]}\n",
            "a.yaml:8:62 bad-value: the operator `Exists` takes no values",
        ),
        (
            DEPLOYMENT + SELECTOR + "  strategy: {type: Recreate, rollingUpdate: {}}\n",
            "a.yaml:9:30 bad-value: `rollingUpdate` has no meaning with the type `Recreate`",
        ),
        (
            DEPLOYMENT + SELECTOR + '  strategy: {rollingUpdate: {maxSurge: "0%", maxUnavailable: 0}}\n',
            "a.yaml:9:14 bad-value: maxSurge and maxUnavailable are both 0, so that no pod could ever be replaced",
        ),
        (
            DEPLOYMENT + SELECTOR + "  strategy: {rollingUpdate: {maxUnavailable: 101%}}\n",
            "a.yaml:9:46 bad-value: more than 100% cannot be unavailable",
        ),
        (
            DEPLOYMENT + SELECTOR + "  strategy: {rollingUpdate: {maxSurge: 25 %}}\n",
            "a.yaml:9:40 bad-value: `25 %` is not valid: expected a number, or a percentage such as `25%`",
        ),
        (
            (DEPLOYMENT + SELECTOR).replace("{app: a}}\n    spec", "{app: a, trimtab.dev/agent: x}}\n    spec"),
            "a.yaml:6:33 reserved-key: key `trimtab.dev/agent` is set by trimtab itself, pods may not bring their own",
        ),
        (
            (DEPLOYMENT + SELECTOR).replace("{labels: {app: a}}", "{name: x, labels: {app: a}}"),
            "a.yaml:6:16 unsupported-field: field `name` is not supported: a pod's name follows from its owner's",
        ),
    ],
)
def test_deployment(text: str, problem: str) -> None:
    assert one(text).startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            CONFIG_MAP + "data: {a b: c}\n",
            "a.yaml:4:8 bad-key: key `a b` is not valid: expected letters, digits, `-`, `_`",
        ),
        (
            CONFIG_MAP + "data: {..: c}\n",
            "a.yaml:4:8 bad-key: key `..` is not valid: expected letters, digits, `-`, `_`",
        ),
        (
            CONFIG_MAP + "data: {a: b}\nbinaryData: {a: YQ==}\n",
            "a.yaml:5:14 duplicate: key `a` is in both `data` and `binaryData`",
        ),
        (CONFIG_MAP + "binaryData: {a: YQ}\n", "a.yaml:4:14 bad-value: the value of `a` is not base64"),
        (
            CONFIG_MAP + f"data: {{a: '{'x' * (1 << 20)}y'}}\n",
            "a.yaml:1:1 too-large: the ConfigMap holds 1048577 bytes, the limit is 1048576",
        ),
        *(
            (
                SECRET_OF + f"type: kubernetes.io/{key}\nstringData: {{.{key}: '[]'}}\n",
                "a.yaml:5:14 bad-value: the value is not a JSON object",
            )
            for key in ("dockercfg", "dockerconfigjson")
        ),
        (
            SECRET_OF + "type: kubernetes.io/basic-auth\n",
            "a.yaml:4:7 missing-key: a Secret of type `kubernetes.io/basic-auth` needs `username` or `password`",
        ),
        (
            CONFIG_MAP.replace("{name: a}", "{name: a, labels: {a/b/c: d}}"),
            "a.yaml:3:30 bad-key: key `a/b/c` is not valid: expected letters, digits, `-`, `_` and `.`,",
        ),
        (
            CONFIG_MAP.replace("{name: a}", "{generateName: a-, name: a}"),
            "a.yaml:3:12 unsupported-field: field `generateName` is not supported",
        ),
        (
            CONFIG_MAP.replace("{name: a}", "{name: a, uid: x}"),
            "a.yaml:3:21 unsupported-field: field `uid` is set by Kubernetes, never written by people; remove it",
        ),
        (CONFIG_MAP.replace("{name: a}", "{}"), "a.yaml:3:1 missing-field: field `name` is missing"),
        (HOST + "  local: false\n", "a.yaml:4:1 one-of: exactly one of `ssh` and `local: true` is needed"),
        (
            HOST + "  local: true\n  ssh: {address: a}\n",
            "a.yaml:4:1 one-of: exactly one of `ssh` and `local: true` is needed",
        ),
        (
            HOST + "  ssh: {address: root@a}\n",
            "a.yaml:5:18 bad-value: `root@a` is not valid: expected a host name or",
        ),
        (
            HOST + "  ssh: {address: '10.0.0.1:2222'}\n",
            "a.yaml:5:18 bad-value: with a `:` this would be an IPv6 address, and it is none",
        ),
        (
            HOST + "  ssh: {address: a, jump: {address: 'b:22'}}\n",
            "a.yaml:5:37 bad-value: with a `:` this would be an IPv6 address, and it is none",
        ),
        (
            HOST + "  ssh: {address: -oProxyCommand=x}\n",
            "a.yaml:5:18 bad-value: `-oProxyCommand=x` is not valid: expected a host name or",
        ),
        (
            HOST + f"  ssh: {{address: a, hostKey: {KEY[:-4]}}}\n",
            "a.yaml:5:30 bad-value: this is no ssh-ed25519 key: it is cut off, or of another type",
        ),
        (
            HOST + f"  ssh: {{address: a, hostKey: {KEY.replace('ssh-ed25519', 'ssh-rsa')}}}\n",
            "a.yaml:5:30 bad-value: this is no ssh-rsa key: it is cut off, or of another type",
        ),
        (
            HOST.replace("{name: a}", "{name: a, namespace: b}") + "  local: true\n",
            "a.yaml:3:21 unsupported-field: field `namespace` is not allowed: this kind belongs to no namespace",
        ),
        (
            HOST + "  local: true\n  allocatable: {cpu: four}\n",
            "a.yaml:6:22 bad-value: `four` is not valid: expected an amount such as `500m`, `1.5` or `2Gi`",
        ),
        (
            HOST + "  local: true\n  taints: [{key: a, effect: NoSchedule}, {key: a, effect: NoSchedule}]\n",
            "a.yaml:6:48 duplicate: taint `a:NoSchedule` is there twice",
        ),
        (
            "apiVersion: trimtab.dev/v1alpha1\nkind: Agent\n",
            "a.yaml:2:7 unknown-kind: an Agent configuration is not part of a source",
        ),
        ("kind: Pod\n", "a.yaml:1:1 missing-field: field `apiVersion` is missing"),
        ("apiVersion: v1\nkind: [Pod]\n", "a.yaml:2:7 missing-field: field `kind` is missing"),
        (
            "apiVersion: v1\nkind: List\nitem: []\nitems: []\n",
            "a.yaml:3:1 unknown-field: unknown field `item` in a List",
        ),
        ("apiVersion: v1\nkind: List\n", "a.yaml:1:1 missing-field: a List needs `items`, a list of objects"),
    ],
)
def test_other_kinds(text: str, problem: str) -> None:
    assert one(text).startswith(problem)


def test_a_whole_host_key_is_accepted() -> None:
    assert shown(load_text(HOST + f"  ssh: {{address: a, hostKey: {KEY} root@a}}\n")) == []


@pytest.mark.parametrize(
    "image",
    [
        "web",
        "library/web:1.0",
        "reg.example.com:5000/a/b_c__d-e:V1",
        "REG/web@sha256:" + "a" * 64,
        "localhost:5000/web:1@sha256:" + "b" * 64,
    ],
)
def test_images_that_a_registry_may_have(image: str) -> None:
    assert shown(load_text(POD.replace("image: a", f"image: {image}"))) == []


@pytest.mark.parametrize("image", ["https://reg.example.com/web:1.0", "Web:1.0", "reg.example.com/Shop/web", "web:"])
def test_an_image_that_no_registry_can_have_is_not_left_to_the_hosts(image: str) -> None:
    said = one(POD.replace("image: a", f"image: '{image}'"))
    assert said.startswith(f"a.yaml:7:14 bad-value: `{image}` is not valid: expected an image such as `registry.exa")


@pytest.mark.parametrize("address", ["2001:db8::1", "fe80::1%eth0", "::1", "edge-1.example.com"])
def test_an_address_of_either_family_is_accepted(address: str) -> None:
    assert shown(load_text(HOST + f"  ssh: {{address: '{address}'}}\n")) == []


def test_a_problem_names_its_object_and_path() -> None:
    (problem,) = load_text(in_container("env: [{name: A, value: yes}]")).problems
    assert (problem.object, problem.path) == ("Pod default/a", "spec.containers[0].env[0].value")
    assert problem.hint == 'quote it: "yes"'


def test_what_is_wrong_does_not_hide_what_else_is() -> None:
    text = (
        in_container("stdin: 1") + "    - {name: b, image: a, volumeMounts: [{name: v, mountPath: /v}]}\nstatus: {}\n"
    )
    assert shown(load_text(text)) == [
        "a.yaml:8:14 wrong-type: expected true or false, found the number `1`",
        "a.yaml:9:49 unknown-volume: the pod has no volume `v`",
        "a.yaml:10:1 unsupported-field: field `status` is set by Kubernetes, never written by people; remove it",
    ]


def test_what_was_wrong_misleads_no_other_check() -> None:
    """Without its volumes, labels or key, which are wrong, nothing is said to be missing either."""
    text = in_container("volumeMounts: [{name: v, mountPath: /v}]") + "  volumes: v\n"
    assert [p.rule for p in load_text(text).problems] == ["wrong-type"]
    text = (DEPLOYMENT + SELECTOR).replace("labels: {app: a}", "labels: {app: 1}")
    assert [p.rule for p in load_text(text).problems] == ["wrong-type"]
    text = SECRET_OF + "type: kubernetes.io/ssh-auth\nstringData: {ssh-privatekey: 1}\n"
    assert [p.rule for p in load_text(text).problems] == ["wrong-type"]

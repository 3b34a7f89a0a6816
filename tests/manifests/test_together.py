"""Objects that are right by themselves, and wrong with each other."""

import pytest

from tests.manifests.repo import load_files, shown


def host(name: str, address: str = "", labels: str = "{}") -> str:
    ssh = f"ssh: {{address: {address or name}}}"
    return (
        f"apiVersion: trimtab.dev/v1alpha1\nkind: Host\nmetadata: {{name: {name}, labels: {labels}}}\nspec: {{{ssh}}}\n"
    )


def pod(name: str, port: str = "", spec: str = "") -> str:
    ports = f"[{{containerPort: 80, {port}}}]" if port else "[]"
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\n"
        f"spec:\n  containers: [{{name: a, image: a, ports: {ports}}}]\n{spec and f'  {spec}'}\n"
    )


def deployment(name: str, replicas: int, port: str) -> str:
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}}}\nspec:\n  replicas: {replicas}\n"
        f"  selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n"
        f"    spec: {{containers: [{{name: a, image: a, ports: [{{containerPort: 80, {port}}}]}}]}}\n"
    )


def problems(*documents: str, whole: bool = True) -> list[str]:
    return shown(load_files({"a.yaml": "---\n".join(documents)}, whole=whole))


TWO_HOSTS = host("h1", labels="{disk: ssd}"), host("h2")
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf}\ndata: {key: a}\nbinaryData: {bytes: YQ==}\n"
SECRET_OBJECT = "apiVersion: v1\nkind: Secret\nmetadata: {name: conf}\ndata: {key: YQ==}\nstringData: {text: a}\n"
PULL = (
    "apiVersion: v1\nkind: Secret\nmetadata: {name: regcred}\ntype: kubernetes.io/dockerconfigjson\n"
    "stringData: {.dockerconfigjson: '{}'}\n"
)
KATA = (
    "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: kata}\nhandler: kata\n"
    "overhead: {podFixed: {memory: 64Mi}}\nscheduling: {nodeSelector: {kvm: 'yes'}}\n"
)
STORAGE = "accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}"
DATA = f"apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data}}\nspec: {{{STORAGE}}}\n"


def test_no_host() -> None:
    assert problems(pod("p")) == [".:1:1 no-host: the source declares no Host"]


def test_an_empty_source_has_no_host_either() -> None:
    assert [p.rule for p in load_files({}).problems] == ["no-host"]


def test_one_machine_twice() -> None:
    found = load_files({"a.yaml": host("h1", "10.0.0.1"), "b.yaml": host("h2", "10.0.0.1")}).problems
    assert [(p.rule, str(p.location), str(p.related[0])) for p in found] == [
        ("duplicate-host", "b.yaml:3:18", "a.yaml:3:18")
    ]


def test_one_address_with_two_ports_is_two_machines() -> None:
    first, second = host("h1", "10.0.0.1"), host("h2", "10.0.0.1, port: 2222")
    assert problems(first, second) == []


def test_one_object_twice_shows_both_places() -> None:
    found = load_files({"hosts.yaml": host("h"), "b.yaml": CONFIG, "a.yaml": CONFIG}).problems
    assert [(p.rule, str(p.location), str(p.related[0])) for p in found] == [
        ("duplicate-object", "b.yaml:3:18", "a.yaml:3:18")
    ]


def test_one_name_in_two_namespaces_is_two_objects() -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: other}\n"
    assert (
        problems(host("h"), namespace, CONFIG, CONFIG.replace("{name: conf}", "{name: conf, namespace: other}")) == []
    )


def test_default_written_out_is_the_same_namespace() -> None:
    other = CONFIG.replace("{name: conf}", "{name: conf, namespace: default}")
    assert [line.split()[1] for line in problems(host("h"), CONFIG, other)] == ["duplicate-object:"]


def test_namespace_that_is_not_there() -> None:
    found = problems(host("h"), CONFIG.replace("{name: conf}", "{name: conf, namespace: kube-system}"))
    assert found == ["a.yaml:8:35 missing-reference: Namespace kube-system is not there"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("volumes: [{name: v, configMap: {name: cnof}}]", "ConfigMap default/cnof is not there, did you mean `conf`?"),
        ("volumes: [{name: v, secret: {secretName: other}}]", "Secret default/other is not there"),
        (
            "volumes: [{name: v, configMap: {name: conf, items: [{key: kye, path: a}]}}]",
            "ConfigMap default/conf has no key `kye`, did you mean `key`?",
        ),
        (
            "volumes: [{name: v, secret: {secretName: conf, items: [{key: other, path: a}]}}]",
            "Secret default/conf has no key `other`",
        ),
        ("nodeName: h3", "Host h3 is not there"),
        ("runtimeClassName: kat", "RuntimeClass kat is not there, did you mean `kata`?"),
        ("imagePullSecrets: [{name: regcrd}]", "Secret default/regcrd is not there, did you mean `regcred`?"),
        (
            "volumes: [{name: v, persistentVolumeClaim: {claimName: dta}}]",
            "PersistentVolumeClaim default/dta is not there, did you mean `data`?",
        ),
        (
            "volumes: [{name: v, projected: {sources: [{configMap: {name: conf, items: [{key: kye, path: a}]}}]}}]",
            "ConfigMap default/conf has no key `kye`, did you mean `key`?",
        ),
        ("volumes: [{name: v, projected: {sources: [{secret: {name: gone}}]}}]", "Secret default/gone is not there"),
        (
            "initContainers: [{name: i, image: a, envFrom: [{configMapRef: {name: gone}}]}]",
            "ConfigMap default/gone is not there",
        ),
        (
            f"volumes: [{{name: v, ephemeral: {{volumeClaimTemplate: {{spec: {{storageClassName: x, {STORAGE}}}}}}}}}]",
            "StorageClass x is not there",
        ),
    ],
)
def test_missing_reference(spec: str, message: str) -> None:
    (found,) = problems(*TWO_HOSTS, CONFIG, SECRET_OBJECT, PULL, KATA, DATA, pod("p", spec=spec))
    assert found.split(" ", 2)[1:] == ["missing-reference:", message]


@pytest.mark.parametrize(
    "spec",
    [
        "volumes: [{name: v, configMap: {name: other, optional: true}}]",
        "volumes: [{name: v, configMap: {name: conf, optional: true, items: [{key: other, path: a}]}}]",
        "volumes: [{name: v, secret: {secretName: other, optional: true}}]",
        "volumes: [{name: v, configMap: {name: conf, items: [{key: bytes, path: a}]}}]",
        "volumes: [{name: v, secret: {secretName: conf, items: [{key: text, path: a}]}}]",
        "nodeName: h2",
        "runtimeClassName: kata",
        "imagePullSecrets: [{name: regcred}]",
        "volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]",
        "volumes: [{name: v, projected: {sources: [{configMap: {name: gone, optional: true}}]}}]",
        "{runtimeClassName: kata, overhead: {memory: 65536Ki}, nodeSelector: {kvm: 'yes', a: b}}",
    ],
)
def test_reference_that_is_right(spec: str) -> None:
    lines = spec[1:-1].replace("kata, ", "kata\n  ").replace("}, node", "}\n  node") if spec[0] == "{" else spec
    assert problems(*TWO_HOSTS, CONFIG, SECRET_OBJECT, PULL, KATA, DATA, pod("p", spec=lines)) == []


def test_a_class_needs_no_object_when_volumes_are_declared_with_it() -> None:
    volume = (
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v}\n"
        "spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: manual, hostPath: {path: /}}"
        "\n"
    )
    claim = DATA.replace("accessModes", "storageClassName: manual, accessModes")
    assert problems(host("h"), volume, claim) == []
    assert [line.split(": ", 1)[1] for line in problems(host("h"), claim)] == ["StorageClass manual is not there"]
    claim = DATA.replace("accessModes", "volumeName: w, accessModes")
    assert [line.split(": ", 1)[1] for line in problems(host("h"), volume, claim)] == [
        "PersistentVolume w is not there"
    ]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("overhead: {memory: 1Mi}", "`overhead` is what the RuntimeClass of the pod says, not what the pod says"),
        (
            "runtimeClassName: kata\n  overhead: {memory: 1Mi}",
            "`overhead` is what the RuntimeClass of the pod says, not what the pod says",
        ),
        (
            "runtimeClassName: kata\n  nodeSelector: {kvm: 'no'}",
            "RuntimeClass kata is for hosts with `kvm: yes`, the pod for `kvm: no`",
        ),
        (
            "imagePullSecrets: [{name: conf}]",
            "Secret default/conf is of type `Opaque`, so it holds no credentials of a registry",
        ),
    ],
)
def test_what_is_referred_to_is_of_no_use(spec: str, message: str) -> None:
    (found,) = problems(*TWO_HOSTS, SECRET_OBJECT, KATA, pod("p", spec=spec))
    assert found.split(" ", 2)[1:] == ["bad-reference:", message]


def test_sidecars_take_host_ports_and_init_containers_do_not() -> None:
    ports = "ports: [{containerPort: 80, hostPort: 80}]"
    init = f"nodeName: h1\n  initContainers: [{{name: i, image: a, {ports}}}]"
    sidecar = init.replace("image: a", "image: a, restartPolicy: Always")
    first = pod("p", "hostPort: 80", "nodeName: h1")
    assert problems(*TWO_HOSTS, first, pod("q", spec=init)) == []
    assert [line.split()[1] for line in problems(*TWO_HOSTS, first, pod("q", spec=sidecar))] == ["host-port-conflict:"]


def test_environment_references_in_a_container() -> None:
    env = (
        "env: [{name: A, valueFrom: {configMapKeyRef: {name: conf, key: gone}}}], envFrom: [{secretRef: {name: gone}}]"
    )
    text = pod("p").replace("image: a", f"image: a, {env}")
    assert [line.split(": ", 1)[1] for line in problems(host("h"), CONFIG, text)] == [
        "ConfigMap default/conf has no key `gone`",
        "Secret default/gone is not there",
    ]


def test_one_missing_object_is_told_once_by_each_object() -> None:
    item = "{key: a, path: a}, {key: b, path: b}"
    spec = f"volumes: [{{name: v, configMap: {{name: gone, items: [{item}]}}}}, {{name: w, configMap: {{name: gone}}}}]"
    assert len(problems(host("h"), pod("p", spec=spec), pod("q", spec=spec))) == 2


def test_nothing_is_called_missing_when_a_document_could_not_be_read() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: gone\n"
    spec = "volumes: [{name: v, configMap: {name: gone}}]"
    assert [line.split()[1] for line in problems(pod("p", spec=spec), text)] == ["yaml-syntax:"]


def test_an_object_with_problems_is_still_there() -> None:
    broken = CONFIG.replace("data: {key: a}", "data: {key: 1}")
    spec = "volumes: [{name: v, configMap: {name: conf, items: [{key: key, path: a}]}}]"
    assert [line.split()[1] for line in problems(host("h"), broken, pod("p", spec=spec))] == ["wrong-type:"]


def test_a_part_of_a_source_may_refer_to_the_rest() -> None:
    spec = "volumes: [{name: v, configMap: {name: gone}}]"
    assert problems(pod("p", spec=f"nodeName: h9\n  {spec}"), whole=False) == []
    spec = "volumes: [{name: v, configMap: {name: conf, items: [{key: gone, path: a}]}}]"
    assert [line.split()[1] for line in problems(CONFIG, pod("p", spec=spec), whole=False)] == ["missing-reference:"]


@pytest.mark.parametrize(
    ("documents", "message"),
    [
        (
            (pod("p", "hostPort: 80", "nodeName: h1"), pod("q", "hostPort: 80", "nodeName: h1")),
            "host port 80 TCP of host h1 is taken by Pod default/p already",
        ),
        (
            (pod("p", "hostPort: 80", "nodeName: h1"), pod("q", "hostPort: 80", "nodeSelector: {disk: ssd}")),
            "host port 80 TCP of host h1 is taken by Pod default/p already",
        ),
        (
            (pod("p", "hostPort: 80", "nodeName: h1"), pod("q", "protocol: TCP", "nodeName: h1\n  hostNetwork: true")),
            "host port 80 TCP of host h1 is taken by Pod default/p already",
        ),
        (
            (
                pod("p", "hostPort: 80, hostIP: 10.0.0.1", "nodeName: h1"),
                pod("q", "hostPort: 80", "nodeName: h1"),
            ),
            "host port 80 TCP of host h1 is taken by Pod default/p already",
        ),
        ((deployment("d", 3, "hostPort: 80"),), "3 replicas want host port 80 TCP, but only 2 hosts fit"),
        (
            (deployment("d", 2, "hostPort: 80"), pod("p", "hostPort: 80", "nodeName: h1")),
            "3 pods want host port 80 TCP, but it is there on 2 hosts only",
        ),
    ],
)
def test_host_port_conflict(documents: tuple[str, ...], message: str) -> None:
    (found,) = problems(*TWO_HOSTS, *documents)
    assert found.split(" ", 2)[1:] == ["host-port-conflict:", message]


@pytest.mark.parametrize(
    "documents",
    [
        (pod("p", "hostPort: 80", "nodeName: h1"), pod("q", "hostPort: 80", "nodeName: h2")),
        (pod("p", "hostPort: 80", "nodeName: h1"), pod("q", "hostPort: 80")),
        (pod("p", "hostPort: 80", "nodeName: h1"), pod("q", "hostPort: 80, protocol: UDP", "nodeName: h1")),
        (
            pod("p", "hostPort: 80, hostIP: 10.0.0.1", "nodeName: h1"),
            pod("q", "hostPort: 80, hostIP: 10.0.0.2", "nodeName: h1"),
        ),
        (deployment("d", 2, "hostPort: 80"),),
        (deployment("d", 0, "hostPort: 80"), deployment("e", 2, "hostPort: 80")),
        (
            pod("p", "hostPort: 80", "nodeSelector: {disk: none}"),
            pod("q", "hostPort: 80", "nodeSelector: {disk: none}"),
        ),
    ],
)
def test_host_ports_that_there_are_hosts_for(documents: tuple[str, ...]) -> None:
    assert problems(*TWO_HOSTS, *documents) == []


SCALED = (
    "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: web}\n"
    "spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, maxReplicas: 2000000000,\n"
    "  metrics: [{type: Resource, resource: {name: cpu, target: {type: AverageValue, averageValue: 1}}}]}\n"
)


@pytest.mark.parametrize(
    ("documents", "asked"),
    [
        ((deployment("web", 2_147_483_647, "name: http"), deployment("api", 3, "name: http")), "13:18 2147483647 pods"),
        (
            (deployment("web", 60_000, "name: http"), deployment("api", 60_000, "name: http")),
            "23:18 60000 pods, and other objects for 60000",
        ),
        ((deployment("web", 1, "name: http"), SCALED), "23:18 2000000000 pods, and other objects for 1"),
    ],
)
def test_more_pods_than_can_be_planned_for(documents: tuple[str, ...], asked: str) -> None:
    place, _, number = asked.partition(" ")
    said = f"a.yaml:{place} too-large: this asks for {number}: at most 100000 can be planned for"
    assert problems(*TWO_HOSTS, *documents) == [said]


FEW_AT_ONCE = (
    "apiVersion: batch/v1\nkind: Job\nmetadata: {name: all}\nspec:\n  parallelism: 100000\n  completions: 3\n"
    "  template: {spec: {restartPolicy: Never, containers: [{name: c, image: app}]}}\n"
)


@pytest.mark.parametrize("last", [pod("one"), FEW_AT_ONCE])
def test_as_many_pods_as_can_be_planned_for(last: str) -> None:
    assert problems(*TWO_HOSTS, deployment("web", 99_997, "name: http"), last) == []

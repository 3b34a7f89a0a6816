"""What the API server refuses of a pod, one fault at a time: where it is, and what is said."""

import pytest

from tests.manifests.repo import load_text, shown
from tests.manifests.test_problems import in_container, in_spec, one


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "livenessProbe: {}",
            "a.yaml:8:22 one-of: exactly one of `exec`, `httpGet`, `tcpSocket`, `grpc` is needed",
        ),
        (
            "livenessProbe: {exec: {command: [a]}, grpc: {port: 1}}",
            "a.yaml:8:45 one-of: only one of these may be given: `exec`, `grpc`",
        ),
        (
            "startupProbe: {exec: {command: [a]}, successThreshold: 2}",
            "a.yaml:8:62 bad-value: one success is all that a startupProbe waits for",
        ),
        (
            "readinessProbe: {exec: {command: [a]}, terminationGracePeriodSeconds: 2}",
            "a.yaml:8:46 bad-value: a readinessProbe stops nothing, so it gives no time to stop",
        ),
        ("livenessProbe: {exec: {command: []}}", "a.yaml:8:39 bad-value: the list needs at least 1 entry"),
        ("livenessProbe: {exec: {command: [a]}, periodSeconds: -1}", "a.yaml:8:60 bad-value: `-1` is less than 0"),
        (
            "livenessProbe: {httpGet: {port: web}}",
            "a.yaml:8:39 unknown-port: container a has no port named `web`",
        ),
        (
            "ports: [{containerPort: 80, name: http}]\n      livenessProbe: {tcpSocket: {port: htpp}}",
            "a.yaml:9:41 unknown-port: container a has no port named `htpp`, did you mean `http`?",
        ),
        (
            'livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: "a b", value: x}]}}',
            "a.yaml:8:64 bad-value: `a b` is not valid: expected letters, digits and `-`",
        ),
        (
            'livenessProbe: {httpGet: {port: 80, path: "/a\\r\\nX: y"}}',
            "a.yaml:8:49 bad-value: `/a\\r\\nX: y` is not valid: expected a path without control characters",
        ),
        (
            "livenessProbe: {grpc: {port: 1, mode: TLS}}",
            "a.yaml:8:39 unsupported-field: field `mode` is not supported: it is alpha in Kubernetes 1.37",
        ),
        (
            "lifecycle: {preStop: {sleep: {seconds: 31}}}",
            "a.yaml:8:46 bad-value: 31 seconds are more than terminationGracePeriodSeconds, 30",
        ),
        (
            "lifecycle: {preStop: {}}",
            "a.yaml:8:28 one-of: exactly one of `exec`, `httpGet`, `sleep` is needed",
        ),
        (
            "lifecycle: {preStop: {tcpSocket: {port: 1}}}",
            "a.yaml:8:29 unsupported-field: field `tcpSocket` is not supported: Kubernetes keeps the field",
        ),
        (
            "lifecycle: {stopSignal: SIGUSR1}",
            "a.yaml:8:19 missing-field: Kubernetes takes a stop signal only of pods that say for which",
        ),
        (
            "restartPolicyRules: [{action: Restart, exitCodes: {operator: In, values: [1]}}]",
            "a.yaml:8:7 missing-field: rules say when to deviate from the container's own `restartPolicy`",
        ),
        (
            "restartPolicy: Never\n      restartPolicyRules: [{action: Restart}]",
            "a.yaml:9:28 missing-field: field `exitCodes` is missing",
        ),
        (
            "resizePolicy: [&p {resourceName: cpu, restartPolicy: NotRequired}, *p]",
            "a.yaml:8:40 duplicate: resource `cpu` is there twice",
        ),
        (
            "resources: {requests: {cpu: 2}, limits: {cpu: 1}}",
            "a.yaml:8:35 bad-value: the request 2 is more than the limit 1",
        ),
        (
            "resources: {limits: {memory: 64m}}",
            "a.yaml:8:36 bad-value: 64m of memory is less than a byte: `m` means a thousandth",
        ),
        (
            "resources: {requests: {memory: 1Mi, hugepages-2Mi: 2Mi}}",
            "a.yaml:8:58 bad-value: huge pages are kept for a container one by one",
        ),
        (
            "resources: {limits: {memory: 1Mi, hugepages-2Mi: 3Mi}}",
            "a.yaml:8:56 bad-value: 3Mi is no multiple of the page size, 2Mi",
        ),
        (
            "resources: {limits: {hugepages-2Mi: 2Mi}}",
            "a.yaml:8:7 missing-field: huge pages need a request of cpu or memory beside them",
        ),
        (
            "resources: {limits: {storage: 1Gi}}",
            "a.yaml:8:28 unsupported-field: field `storage` is not a resource of containers",
        ),
        (
            "securityContext: {capabilities: {add: [NET_ADMN]}}",
            "a.yaml:8:46 bad-value: Linux has no capability `NET_ADMN`, did you mean `NET_ADMIN`?",
        ),
        (
            "securityContext: {procMount: Unmasked}",
            "a.yaml:8:36 bad-value: all of /proc is shown only to a pod with users of its own",
        ),
        (
            "securityContext: {seccompProfile: {type: Localhost}}",
            "a.yaml:8:25 missing-field: field `localhostProfile` is missing",
        ),
        (
            "securityContext: {appArmorProfile: {type: Unconfined, localhostProfile: a}}",
            "a.yaml:8:61 bad-value: a profile of the host goes with the type `Localhost` only",
        ),
        (
            "securityContext: {seccompProfile: {type: Localhost, localhostProfile: ../a}}",
            "a.yaml:8:77 bad-value: `../a` is not valid: expected a relative path without `..`",
        ),
        ("securityContext: {runAsUser: -1}", "a.yaml:8:36 bad-value: `-1` is less than 0"),
        (
            "securityContext: {windowsOptions: {hostProcess: true}}",
            "a.yaml:8:25 unsupported-field: field `windowsOptions` is not supported: hosts run Linux; remove it",
        ),
        (
            "env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.gpu}}}]",
            "a.yaml:8:64 bad-value: `limits.gpu` is not valid: expected `limits.` or `requests.` and cpu,",
        ),
        (
            "env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1Mi}}}]",
            "a.yaml:8:85 bad-value: the unit of limits.cpu is one of 1m, 1, not `1Mi`",
        ),
        (
            "env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.cpu, containerName: b}}}]",
            "a.yaml:8:91 unknown-container: the pod has no container `b`",
        ),
        (
            "env: [{name: A, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['a b']\"}}}]",
            "a.yaml:8:57 bad-value: `a b` is not the key of a label or annotation",
        ),
    ],
)
def test_container(line: str, problem: str) -> None:
    assert one(in_container(line)).startswith(problem)


SIDECAR = "initContainers: [{name: i, image: a, restartPolicy: Always, %s}]"
INIT = "initContainers: [{name: i, image: a, %s}]"
AFFINITY = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [%s]}}}"
APART = "affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a, %s}]}}"
SPREAD = "topologySpreadConstraints: [{maxSkew: 1, topologyKey: a, %s}]"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (INIT % "livenessProbe: {exec: {command: [a]}}", "an init container that runs to its end has no `livenessP"),
        (INIT % "lifecycle: {}", "an init container that runs to its end has no `lifecycle`"),
        (SIDECAR % "livenessProbe: {}", "exactly one of `exec`, `httpGet`, `tcpSocket`, `grpc` is needed"),
        ("initContainers: [{name: a, image: a}]", "container `a` is there twice"),
        ("initContainers: [{name: i, image: a}, {name: i, image: a}]", "container `i` is there twice"),
        ("activeDeadlineSeconds: 0", "`0` is less than 1"),
        ("dnsPolicy: None", "without the host's name servers (`dnsPolicy: None`) the pod needs some of its own"),
        ("dnsConfig: {nameservers: [dns.example]}", "this is not an IP address"),
        (
            "dnsConfig: {nameservers: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4]}",
            "a resolver asks at most 3 name servers, these",
        ),
        (f"dnsConfig: {{searches: [{', '.join(['a'] * 33)}]}}", "at most 32 domains with 2048 characters are searched"),
        ("dnsConfig: {searches: ['a b']}", "`a b` is not valid: expected a domain such as `example.com`"),
        ("hostAliases: [{ip: a}]", "this is not an IP address"),
        ("{hostPID: true, shareProcessNamespace: true}", "the containers see the host's processes (`hostPID`), so"),
        ("{hostUsers: false, hostIPC: true}", "`hostIPC` needs the host's users, which `hostUsers: false` takes away"),
        ("{hostnameOverride: a, hostNetwork: true}", "a pod on the host's network has the host's name"),
        ("{hostnameOverride: a, setHostnameAsFQDN: true}", "`hostnameOverride` and `setHostnameAsFQDN` both say"),
        (f"hostnameOverride: {'a' * 65}", "a host name has at most 64 characters, this one 65"),
        ("os: {name: windows}", "`windows` is not supported: hosts run Linux"),
        (
            "securityContext: {sysctls: [{name: kernel.panic, value: '1'}]}",
            "`kernel.panic` is one for the whole host, a pod",
        ),
        (
            "{hostNetwork: true, securityContext: {sysctls: [{name: net.core.somaxconn, value: '1'}]}}",
            "with `hostNetwork`, `net.core.somaxconn` is the host's, not the pod's",
        ),
        (
            "securityContext: {sysctls: [{name: net.a, value: '1'}, {name: net/a, value: '1'}]}",
            "kernel parameter `net.a` is there twice",
        ),
        ("resources: {requests: {cpu: 2}, limits: {cpu: 1}}", "the request 2 is more than the limit 1"),
        ("resources: {limits: {ephemeral-storage: 1Gi}}", "field `ephemeral-storage` is not a resource of whole pods"),
        ("tolerations: [{key: a, tolerationSeconds: 1}]", "only taints with the effect `NoExecute` send pods away"),
        ("tolerations: [{key: a, operator: Gt, value: '1'}]", "`Gt` is not supported: comparing taints as numbers"),
        (AFFINITY % "{matchExpressions: [{key: a, operator: In}]}", "the operator `In` needs values"),
        (AFFINITY % "{matchExpressions: [{key: a, operator: Gt, values: [b]}]}", "the operator `Gt` needs exactly one"),
        (AFFINITY % "{matchExpressions: [{key: a, operator: In, values: [b c]}]}", "no label has the value `b c`"),
        (
            AFFINITY % "{matchFields: [{key: a, operator: In, values: [b]}]}",
            "the only field of a host is `metadata.name`",
        ),
        (APART % "matchLabelKeys: [b]", "labels are only compared among pods that `labelSelector` selects"),
        (
            APART % "labelSelector: {}, matchLabelKeys: [b], mismatchLabelKeys: [b]",
            "label `b` cannot be both the same and different",
        ),
        (
            SPREAD % "whenUnsatisfiable: ScheduleAnyway, minDomains: 2",
            "`minDomains` has a meaning with `DoNotSchedule` only",
        ),
        (SPREAD % "whenUnsatisfiable: Wait", "`Wait` is not one of `DoNotSchedule`, `ScheduleAnyway`"),
    ],
)
def test_pod(line: str, message: str) -> None:
    fields = (
        line[1:-1].replace(": true, ", ": true\n  ").replace(": false, ", ": false\n  ").replace(": a, ", ": a\n  ")
    )
    text = in_spec(fields if line.startswith("{") else line)
    assert one(text).split(": ", 1)[1].startswith(message)


VOLUMES = "volumes: [{name: v, %s}]"
REQUEST = "resources: {requests: {storage: 1Gi}}"


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ("emptyDir: {}, nfs: {server: a, path: /}", "only one of these may be given: `emptyDir`, `nfs`"),
        ("emptyDir: {medium: HugePages-2Mi}", "`HugePages-2Mi` is not supported: huge pages can be limited"),
        ("emptyDir: {sizeLimit: 10E}", "`10E` is not an amount that Kubernetes can hold"),
        ("configMap: {name: c, items: [{key: a, path: ..data}]}", "`..data` is not valid: expected a relative path"),
        ("hostPath: {path: /a/../b}", "`/a/../b` is not valid: expected a path that begins with `/`, without `..`"),
        ("nfs: {server: 'a b', path: /}", "`a b` is not valid: expected a host name or an IP address"),
        ("csi: {driver: a}", "field `csi` is not supported: no CSI drivers run on the hosts"),
        ("downwardAPI: {items: [{path: a}]}", "exactly one of `fieldRef`, `resourceFieldRef` is needed"),
        (
            "downwardAPI: {items: [{path: a, fieldRef: {fieldPath: spec.nodeName}}]}",
            "`spec.nodeName` is not valid: expected one of metadata.name,",
        ),
        (
            "downwardAPI: {items: [{path: a, resourceFieldRef: {resource: limits.cpu}}]}",
            "field `containerName` is missing",
        ),
        ("projected: {sources: [{serviceAccountToken: {path: a}}]}", "field `serviceAccountToken` is not supported"),
        ("projected: {sources: [{}]}", "exactly one of `configMap`, `secret`, `downwardAPI` is needed"),
        (
            "projected: {sources: [&s {configMap: {name: a, items: [{key: a, path: x}]}}, *s]}",
            "path `x` is there twice",
        ),
        (
            "ephemeral: {volumeClaimTemplate: {spec: {accessModes: [ReadWriteOnce]}}}",
            "a claim says how much storage it needs",
        ),
        (
            "ephemeral: {volumeClaimTemplate: {metadata: {name: a}, spec: {accessModes: [ReadWriteOnce], "
            + REQUEST
            + "}}}",
            "field `name` is not supported: the claim",
        ),
    ],
)
def test_volume(volume: str, message: str) -> None:
    assert one(in_spec(VOLUMES % volume)).split(": ", 1)[1].startswith(message)


@pytest.mark.parametrize(
    ("mount", "message"),
    [
        ("name: w, mountPath: /a", "the pod has no volume `w`, did you mean `vw`?"),
        ("name: vw, mountPath: a", "`a` is not valid: expected a path that begins with `/`"),
        ("name: vw, mountPath: /a, subPath: b, subPathExpr: c", "a mount has `subPath` or `subPathExpr`, not both"),
        ("name: vw, mountPath: /a, subPath: ../b", "`../b` is not valid: expected a relative path without `..`"),
        ("name: vw, mountPath: /a, mountPropagation: Bidirectional", "only a privileged container may mount into"),
        ("name: vw, mountPath: /a, recursiveReadOnly: Enabled", "a mount that may be written to is not read-only"),
        (
            "name: vw, mountPath: /a, readOnly: true, recursiveReadOnly: Enabled, mountPropagation: HostToContainer",
            "mounts that come later (`HostToContainer`) cannot be made read-only",
        ),
    ],
)
def test_mount(mount: str, message: str) -> None:
    text = in_container(f"volumeMounts: [{{{mount}}}]") + "  volumes: [{name: vw}]\n"
    assert one(text).split(": ", 1)[1].startswith(message)


def test_what_the_containers_ask_for_fits_the_pods_resources() -> None:
    container = "resources: {requests: {cpu: 600m}, limits: {memory: 2Gi}}"
    text = in_container(container) + "    - {name: b, image: b, resources: {requests: {cpu: 500m}}}\n"
    found = [
        line.split(": ", 1)[1]
        for line in shown(load_text(text + "  resources: {requests: {cpu: 1}, limits: {memory: 1Gi}}\n"))
    ]
    assert found == [
        "the limit 2Gi is more than the pod's, 1Gi",
        "the containers ask for 1.1 of cpu together, more than the pod's 1",
        "the containers ask for 2147483648 of memory together, more than the pod's 1Gi",
    ]
    assert shown(load_text(text + "  resources: {requests: {cpu: 1100m}, limits: {memory: 2Gi}}\n")) == []


def test_init_containers_ask_for_what_they_need_at_their_turn() -> None:
    """A sidecar runs beside all that come later, an init container only beside the sidecars before it."""
    sidecar = "{name: s, image: a, restartPolicy: Always, resources: {requests: {cpu: 1}}}"
    setup = "{name: i, image: a, resources: {requests: {cpu: 3}}}"
    text = in_container("resources: {requests: {cpu: 1}}") + "  resources: {requests: {cpu: 3}}\n"
    assert shown(load_text(f"{text}  initContainers: [{setup}, {sidecar}]\n")) == []
    assert "ask for 4 of cpu together" in one(f"{text}  initContainers: [{sidecar}, {setup}]\n")


def test_a_pod_with_all_of_it_right() -> None:
    text = in_container(
        """ports: [{containerPort: 80, name: http}]
      livenessProbe: {httpGet: {port: http, httpHeaders: [{name: X-A, value: b}]}, terminationGracePeriodSeconds: 5}
      readinessProbe: {tcpSocket: {port: 80}, successThreshold: 2}
      startupProbe: {grpc: {port: 80}, failureThreshold: 30}
      lifecycle: {postStart: {exec: {command: [a]}}, preStop: {sleep: {seconds: 30}}, stopSignal: SIGRTMIN+3}
      restartPolicy: OnFailure
      restartPolicyRules: [{action: Restart, exitCodes: {operator: NotIn, values: [0]}}]
      resizePolicy: [{resourceName: cpu, restartPolicy: NotRequired}]
      resources: {limits: {memory: 1Gi, hugepages-2Mi: 4Mi, ephemeral-storage: 1Gi}}
      env:
        - {name: IPS, valueFrom: {fieldRef: {fieldPath: status.podIPs}}}
        - {name: SA, valueFrom: {fieldRef: {fieldPath: spec.serviceAccountName}}}
        - {name: MEM, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}
      securityContext:
        privileged: true
        procMount: Unmasked
        seccompProfile: {type: Localhost, localhostProfile: profiles/a.json}
      volumeMounts:
        - {name: v, mountPath: /a, subPathExpr: $(SA), mountPropagation: Bidirectional}
        - {name: c, mountPath: /b, readOnly: true, recursiveReadOnly: IfPossible}"""
    )
    text += """  initContainers:
    - {name: i, image: a, ports: [{containerPort: 80, hostPort: 80}]}
    - {name: s, image: a, restartPolicy: Always, readinessProbe: {exec: {command: [a]}}}
  os: {name: linux}
  hostUsers: false
  dnsPolicy: None
  dnsConfig: {nameservers: [10.0.0.1], searches: [a.b, _srv.a.b., .], options: [{name: ndots, value: "2"}]}
  hostAliases: [{ip: 10.0.0.1, hostnames: [a.example.com]}]
  securityContext: {sysctls: [{name: net.core.somaxconn, value: "1"}, {name: kernel/shm_rmid_forced, value: "1"}]}
  tolerations: [{key: a, effect: NoExecute, operator: Exists, tolerationSeconds: -1}]
  volumes:
    - {name: v, emptyDir: {medium: Memory, sizeLimit: 1Mi}}
    - name: c
      projected:
        sources:
          - {configMap: {name: c, items: [{key: a, path: x}]}}
          - {downwardAPI: {items: [{path: labels, fieldRef: {fieldPath: metadata.labels}}]}}
"""
    assert shown(load_text(text)) == []


def test_a_preference_for_hosts_may_name_what_no_label_is() -> None:
    """Kubernetes takes it there, and no host is any better for it."""
    preferred = (
        "affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 1, preference: %s}]}}"
    )
    assert shown(load_text(in_spec(preferred % "{matchExpressions: [{key: a, operator: In, values: [b c]}]}"))) == []

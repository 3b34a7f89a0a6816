"""Reports to render, as a fleet on a bad night would give them."""

from agent.cli.render.report import DiffReport, HostReport
from agent.model.action import Action, Consequence, Verb
from agent.model.cause import Cause, Commit, Drift
from agent.model.difference import Difference
from agent.model.objects.meta import ObjectKey, PodKey
from agent.model.origin import Location, Revision
from agent.model.plan import HostPlan, Waiting

NOW = 1_800_000_000.0
WEB = ObjectKey(kind="Deployment", namespace="default", name="web")


def commit(path: str, line: int, summary: str = "") -> Commit:
    return Commit(
        revision="3f2a9c1d2e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b",
        object=WEB,
        location=Location(file="apps/web.yaml", line=line, column=9),
        path=path,
        summary=summary,
        author="Ana",
        subject="bump web",
    )


def action(verb: Verb, name: str, cause: Cause, consequence: Consequence, **more: object) -> Action:
    fields = {
        "id": f"{verb}:default/{name}",
        "verb": verb,
        "pod": PodKey(namespace="default", name=name),
        "uid": f"uid-{name}",
        "rule": "some-rule",
        "cause": cause,
        "consequence": consequence,
        "steps": (),
        **more,
    }
    return Action(**fields)  # type: ignore[arg-type] # a test's shorthand


def difference(path: str, live: str | None, desired: str | None, *, sensitive: bool = False) -> Difference:
    return Difference(path=path, live=live, desired=desired, sensitive=sensitive)


def busy() -> DiffReport:
    """Every verb, a drift, a Secret, a wait and a host that is gone."""
    image = commit("spec.template.spec.containers[web].image", 14)
    edge_1 = HostPlan(
        host="edge-1",
        unchanged=5,
        actions=(
            action(
                "create",
                "web-6d4f-2",
                commit("spec.replicas", 7, "scaled from 2 to 3"),
                "create",
                differences=(difference("spec.containers[web].image", None, "registry/web:1.1"),),
                images=("registry/web:1.1",),
            ),
            action(
                "restart",
                "one",
                image,
                "restart",
                containers=("web",),
                differences=(difference("spec.containers[web].image", "web:1.0", "web:1.1"),),
            ),
            action(
                "replace",
                "db",
                image,
                "recreate",
                differences=(
                    difference("spec.hostNetwork", "false", "true"),
                    difference(
                        "spec.containers[db].env[PASSWORD]", "(secret 3f9a01c2)", "(secret 77aa1b2c)", sensitive=True
                    ),
                ),
                after=("remove:default/old",),
            ),
            action("remove", "old", commit("", 1, "no object declares it any more"), "remove"),
        ),
        waiting=(
            Waiting(
                reason="back-off",
                message="container main ended with code 1, restarts again",
                pod=PodKey(namespace="default", name="crash"),
                host="edge-1",
                until=NOW + 40,
            ),
        ),
    )
    edge_2 = HostPlan(
        host="edge-2",
        unchanged=3,
        actions=(
            action(
                "restart",
                "web-6d4f-1",
                Drift(rule="container-exited", what="container web exited with code 137 (killed)", seen_at=NOW - 12),
                "restart",
                containers=("web",),
            ),
            action(
                "update",
                "site",
                commit("data.index.html", 5),
                "in place",
                differences=(
                    difference("spec.volumes[page].files[index.html]", "(content 0011aabb)", "(content 99ffee00)"),
                ),
            ),
        ),
    )
    return DiffReport(
        revision=Revision(
            id="3f2a9c1d2e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b", author="Ana", at=NOW - 300, subject="bump web"
        ),
        now=NOW,
        hosts=(
            HostReport(host="edge-1", plan=edge_1),
            HostReport(host="edge-2", plan=edge_2),
            HostReport(
                host="edge-3",
                plan=HostPlan(host="edge-3"),
                unseen="10.0.0.13:22 does not answer: timed out (hint: is the machine on, and its address right?)",
            ),
        ),
        waiting=(
            Waiting(
                reason="unschedulable",
                message="no host fits: cpu short by 500m on edge-1, edge-2",
                pod=PodKey(namespace="default", name="big"),
            ),
            Waiting(
                reason="unseen",
                message="unseen: 10.0.0.13:22 does not answer: timed out; what runs there is left as it is",
                object=ObjectKey(kind="Host", namespace="", name="edge-3"),
            ),
        ),
    )


def calm() -> DiffReport:
    """Nothing to do anywhere."""
    return DiffReport(
        revision=Revision(id="worktree"),
        now=NOW,
        hosts=tuple(HostReport(host=name, plan=HostPlan(host=name, unchanged=7)) for name in ("edge-1", "edge-2")),
    )

import pytest

from agent.manifests import load_agent_config
from agent.model.objects.agent import AgentConfig, Prometheus

TEXT = """\
apiVersion: trimtab.dev/v1alpha1
kind: Agent
metadata: {name: prod}
spec:
  source: {url: "git@git.example.com:ops/fleet.git"}
"""


def load(text: str) -> AgentConfig | list[str]:
    loaded = load_agent_config("agent.yaml", text.encode())
    if isinstance(loaded, AgentConfig):
        return loaded
    return [f"{p.location} {p.rule}: {p.message}" for p in loaded]


def with_url(url: str) -> str:
    return TEXT.replace("git@git.example.com:ops/fleet.git", url)


def test_what_is_left_out_has_its_default() -> None:
    config = load(TEXT)
    assert isinstance(config, AgentConfig)
    assert config.metadata.name == "prod"
    assert (config.spec.source.ref.branch, config.spec.source.interval) == ("main", "1m")
    assert (config.spec.prune.enabled, config.spec.prune.max_fraction) == (True, 0.3)
    assert (config.spec.scheduler.profiles, config.spec.prometheus) == ((), None)


def test_profiles_and_prometheus() -> None:
    config = load(
        TEXT + "  scheduler: {profiles: [{name: a}]}\n  prometheus: {url: 'http://[::1]:9090', tokenFile: t}\n"
    )
    assert isinstance(config, AgentConfig)
    assert config.spec.scheduler.profiles[0].scoring == "LeastAllocated"
    assert config.spec.prometheus == Prometheus(url="http://[::1]:9090", token_file="t")


@pytest.mark.parametrize(
    "url",
    [
        "/srv/fleet.git",
        "../fleet",
        "ssh://git@example.com:2222/fleet.git",
        "https://example.com/a.git",
        "file:///srv/a",
    ],
)
def test_urls_that_git_takes(url: str) -> None:
    assert isinstance(load(with_url(url)), AgentConfig)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "agent.yaml:1:1 not-a-manifest: the file holds 0 documents, an agent has one configuration"),
        (
            TEXT + "---\n" + TEXT,
            "agent.yaml:1:1 not-a-manifest: the file holds 2 documents, an agent has one configuration",
        ),
        ("a: [\n", "agent.yaml:2:1 yaml-syntax: while parsing a flow node, did not find expected node content"),
        ("- a\n", "agent.yaml:1:1 unknown-kind: this is no Agent configuration: a mapping with `kind: Agent`"),
        (
            TEXT.replace("Agent", "Host"),
            "agent.yaml:2:7 unknown-kind: this is no Agent configuration: a mapping with `kind: Agent`",
        ),
        (
            TEXT.replace("v1alpha1", "v1"),
            "agent.yaml:1:13 wrong-api-version: kind `Agent` is `trimtab.dev/v1alpha1`, not `trimtab.dev/v1`",
        ),
        (TEXT + "  statedir: /x\n", "agent.yaml:6:3 unknown-field: unknown field `statedir`, did you mean `stateDir`?"),
        (TEXT + "  limits: {resync: 0s}\n", "agent.yaml:6:20 bad-value: the duration must be more than 0"),
        (TEXT + "  limits: {resync: 5}\n", "agent.yaml:6:20 wrong-type: expected a text, found the number `5`"),
        (TEXT + "  limits: {actionsPerHost: 0}\n", "agent.yaml:6:28 bad-value: `0` is less than 1"),
        (TEXT + "  prune: {maxFraction: 0}\n", "agent.yaml:6:24 bad-value: `0` is not more than 0"),
        (TEXT + "  metrics: {address: localhost}\n", "agent.yaml:6:22 bad-value: this is not an IP address"),
        (
            TEXT.replace('.git"}', '.git", ref: {branch: a, tag: b}}'),
            "agent.yaml:5:59 one-of: exactly one of `branch`, `tag`, `commit` is needed",
        ),
        (
            TEXT.replace('.git"}', '.git", path: ../a}'),
            "agent.yaml:5:60 bad-value: `../a` is not valid: expected a relative path without `..`",
        ),
        (
            TEXT + "  scheduler: {profiles: [{name: a}, {name: a, scoring: MostAllocated}]}\n",
            "agent.yaml:6:44 duplicate: profile `a` is there twice",
        ),
        (
            TEXT + "  scheduler: {profiles: [{name: a, scoring: Most}]}\n",
            "agent.yaml:6:45 bad-value: `Most` is not one of `LeastAllocated`, `MostAllocated`",
        ),
        (
            TEXT + '  prometheus: {url: "http://user:hunter2@localhost"}\n',
            "agent.yaml:6:21 bad-value: the URL holds credentials",
        ),
        (TEXT + '  prometheus: {url: "http://[::1"}\n', "agent.yaml:6:21 bad-value: this is not a URL"),
        (with_url("https://user:hunter2@example.com/a.git"), "agent.yaml:5:17 bad-value: the URL holds credentials"),
        (with_url("https://hunter2@example.com/a.git"), "agent.yaml:5:17 bad-value: the URL holds credentials"),
        (with_url("ext::sh -c hunter2"), "agent.yaml:5:17 bad-value: transport helpers (`NAME::`) are not allowed"),
        (
            with_url("ftp://hunter2/a.git"),
            "agent.yaml:5:17 bad-value: the URL's scheme is not one of ssh, https, http, git, file",
        ),
        (with_url("https://[hunter2/a.git"), "agent.yaml:5:17 bad-value: this is not a URL"),
    ],
)
def test_problem(text: str, problem: str) -> None:
    found = load(text)
    assert found == [problem]
    assert "hunter2" not in repr(found)


def test_a_url_that_git_would_take_for_an_option() -> None:
    assert isinstance(load(with_url("--upload-pack=x")), list)

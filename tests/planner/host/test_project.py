"""Projection: what a runtime would refuse is impossible, and what tags mean comes from the registry."""

import pytest
from msgspec.structs import replace

from agent.model.action import PullImage, RunSandbox, StartContainer, StopSandbox
from agent.planner.host import Impossible, project, project_action
from tests.planner.host.build import EMPTY, NOW, converge, desired, live, only, plan, pod


def test_steps_refuse_what_a_runtime_refuses() -> None:
    steps = only(plan(desired(pod()), EMPTY)).steps
    run = next(step for step in steps if isinstance(step, RunSandbox))
    start = next(step for step in steps if isinstance(step, StartContainer))
    seen = converge(desired(pod()))
    with pytest.raises(Impossible, match="is reserved"):
        project(seen, run, NOW)
    with pytest.raises(Impossible, match="is reserved"):
        project(seen, start, NOW)
    with pytest.raises(Impossible, match="is not ready"):
        project(EMPTY, start, NOW)
    with pytest.raises(Impossible, match="is not ready"):
        project(project(seen, StopSandbox(sandbox_id=live(seen).sandbox.id), NOW), start, NOW)
    with pytest.raises(Impossible, match="is not on the host"):
        project(project(EMPTY, run, NOW), start, NOW)


def test_the_same_action_gives_the_same_look() -> None:
    action = only(plan(desired(pod()), EMPTY))
    assert project_action(EMPTY, action, 5.0) == project_action(replace(EMPTY), action, 5.0)
    assert project_action(EMPTY, action, 5.0).at == 5.0


def test_a_pull_takes_the_tag_from_the_image_that_had_it() -> None:
    def old(_: str) -> str:
        return "sha256:" + "1" * 64

    def new(_: str) -> str:
        return "sha256:" + "2" * 64

    first = project(EMPTY, PullImage(image="nginx"), NOW, old)
    assert project(first, PullImage(image="nginx"), NOW, new).images == first.images
    after = project(first, PullImage(image="nginx", always=True), NOW, new)
    assert {image.id: image.tags for image in after.images} == {
        old(""): (),
        new(""): ("docker.io/library/nginx:latest",),
    }


def test_addresses_are_not_given_twice() -> None:
    seen = converge(desired(pod("a"), pod("b")))
    assert len({live(seen, "a").sandbox.ips, live(seen, "b").sandbox.ips}) == 2

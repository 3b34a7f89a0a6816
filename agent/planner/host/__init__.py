"""The host planner: renders desired pods, classifies what is there, and says what to do. Pure.

``plan_host`` is the planner, ``lint_plan`` checks what it says before anybody acts, ``project`` says what a step
would do to a look at the host.
"""

from agent.planner.host.linting.plan import lint_plan
from agent.planner.host.plan import plan_host
from agent.planner.host.project import Impossible, project, project_action
from agent.planner.host.rendering.machine import machine
from agent.planner.host.rendering.render import render_pod
from agent.planner.host.rendering.rendered import RenderedContainer, RenderedPod

__all__ = [
    "Impossible",
    "RenderedContainer",
    "RenderedPod",
    "lint_plan",
    "machine",
    "plan_host",
    "project",
    "project_action",
    "render_pod",
]

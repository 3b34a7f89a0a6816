from typing import Literal

from agent.model.value import Value

Status = Literal["ok", "warning", "problem"]


class Check(Value, frozen=True, kw_only=True):
    """One line of the doctor's report."""

    name: str
    status: Status
    message: str
    hint: str = ""

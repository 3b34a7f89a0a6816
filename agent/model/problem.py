"""A user's fault as a value: where it is, what is wrong, what to do."""

from agent.model.origin import Location
from agent.model.value import Value


class Problem(Value, frozen=True, kw_only=True, order=True):
    """One fault in a manifest.

    ``rule`` is a stable kebab-case name (``unknown-field``, ``missing-reference``, …) for SARIF and for filtering;
    ``object`` is ``Kind namespace/name`` where known; ``path`` is the place in the object (``spec.replicas``);
    ``related`` names other places that belong to the fault, such as the first of two duplicates.
    """

    location: Location
    rule: str
    message: str
    object: str = ""
    path: str = ""
    hint: str = ""
    related: tuple[Location, ...] = ()

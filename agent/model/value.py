"""The base of every value type, and the one text type that must never be shown."""

from typing import Final

import msgspec

MASK: Final = "•••"


class Value(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A frozen value with keyword-only fields: what rooms and threads hand each other.

    Python's collector of cycles does not look at values: made at once and never changed, they hold no cycle. A fleet is
    a million of them, and looking would stop every thread for the better part of a second. Only types that others
    refer to weakly are looked at, since msgspec wants that.
    """


class Sensitive(msgspec.Struct, frozen=True):
    """A text that came from a Secret. Compares by content, shows itself only as a mask.

    ``reveal()`` is for the executor alone; everything that prints goes through ``repr``, ``str`` or ``format``,
    which never show the content. Encoding one to JSON is refused by the journal's encoder.
    """

    _content: str

    def reveal(self) -> str:
        """Return the content, for writing it to the host."""
        return self._content

    def __repr__(self) -> str:
        return f"Sensitive({MASK})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, _spec: str) -> str:
        return MASK


Text = str | Sensitive
"""A rendered text: plain, or from a Secret."""


def reveal(text: Text) -> str:
    """Return what a rendered text really says, for comparing and for the executor."""
    return text.reveal() if isinstance(text, Sensitive) else text

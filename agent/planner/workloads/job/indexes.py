"""Many numbers in few letters, as Kubernetes writes completed indexes: ``0-3,7``."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache


@lru_cache(maxsize=1024)
def read_indexes(text: str) -> frozenset[int]:
    """Return the numbers that a text means."""
    found: set[int] = set()
    for part in text.split(",") if text else ():
        first, hyphen, last = part.partition("-")
        found.update(range(int(first), int(last if hyphen else first) + 1))
    return frozenset(found)


def write_indexes(numbers: Iterable[int]) -> str:
    """Return the text for some numbers."""
    parts: list[str] = []
    begin = end = -2
    for number in sorted(numbers):
        if number == end + 1:
            end = number
            parts[-1] = f"{begin}-{end}"
        else:
            begin = end = number
            parts.append(str(number))
    return ",".join(parts)


def lowest_free(taken: AbstractSet[int], below: int, count: int) -> tuple[int, ...]:
    """Return the lowest numbers that are not taken, as many as are asked for and there are."""
    found: list[int] = []
    for number in range(below):
        if len(found) >= count:
            break
        if number not in taken:
            found.append(number)
    return tuple(found)

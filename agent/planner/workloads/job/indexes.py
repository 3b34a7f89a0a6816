"""Many numbers in few letters, as Kubernetes writes completed indexes: ``0-3,7``."""

from bisect import bisect
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from functools import lru_cache
from itertools import chain


@lru_cache(maxsize=1024)
def read_indexes(text: str) -> frozenset[int]:
    """Return the numbers that a text means."""
    return frozenset(chain.from_iterable(read_ranges(text)))


def read_ranges(text: str) -> tuple[range, ...]:
    """Return the numbers that a text means, unexpanded: in a manifest there may be billions."""
    parts = (part.partition("-") for part in text.split(",") if part)
    return tuple(range(int(first), int(last or first) + 1) for first, _, last in parts)


def count_in(ranges: tuple[range, ...], numbers: Iterable[int]) -> int:
    """Return how many of some numbers are in one of the ranges, which are in order."""
    begins = [one.start for one in ranges]
    return sum((place := bisect(begins, number)) > 0 and number in ranges[place - 1] for number in numbers)


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

from collections import Counter
from collections.abc import Iterable, Mapping


class Tally:
    """How many pods that count are in each domain of a topology key (hosts with the same value of that label)."""

    def __init__(self, key: str, *, own: bool) -> None:
        self.key = key
        self._own = own
        """Whether the pod that is being placed counts itself, once it is placed."""
        self._counts: Counter[str] = Counter()

    def count(self, hosts: Mapping[str, int], labels: Mapping[str, Mapping[str, str]]) -> None:
        """Count pods in, by host."""
        for host, number in hosts.items():
            if (value := labels.get(host, {}).get(self.key)) is not None:
                self._counts[value] += number

    def placed(self, labels: Mapping[str, str]) -> None:
        """Count the pod in that was being placed."""
        if self._own and self.key in labels:
            self._counts[labels[self.key]] += 1

    def at(self, labels: Mapping[str, str]) -> int:
        """Return how many there are in a host's domain; 0 for a host that is in none."""
        value = labels.get(self.key)
        return self._counts[value] if value is not None else 0

    def least(self, domains: Iterable[str]) -> int:
        """Return how many there are in the domain that has the fewest; 0 where there is no domain."""
        return min((self._counts[value] for value in domains), default=0)

    @property
    def empty(self) -> bool:
        """Whether nobody was counted."""
        return not +self._counts

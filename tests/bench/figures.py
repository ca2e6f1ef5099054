"""The figures of a bench in their stable shape: seconds, ratios of paired rounds, goals. Measures nothing itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OURS, FLOOR, NAIVE = "ours", "floor", "naive"
WAYS = (OURS, FLOOR, NAIVE)


@dataclass(frozen=True, slots=True)
class Measured:
    """One way in one round. `digest`: identifies what it made. `share`: the part of the work that it did."""

    seconds: float
    cpu_seconds: float
    peak_rss_mb: float
    digest: str
    #: rows and bytes that it wrote; None: not counted
    weight: tuple[int, int] | None = None
    #: the digest of the part that naive did too
    part: str = ""
    #: naive may do a tenth of the work: its times are then scaled
    share: float = 1.0

    @property
    def scaled_seconds(self) -> float:
        return self.seconds / self.share

    @property
    def scaled_cpu_seconds(self) -> float:
        return self.cpu_seconds / self.share


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure to reach: the median of a ratio, or a value measured once."""

    name: str
    op: str
    value: float
    #: the measured value; None: the goal is about a ratio
    measured: float | None = None

    def document(self, ratios: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
        found = self.measured if self.measured is not None else ratios[self.name]["median"]
        met = found <= self.value if self.op == "<=" else found >= self.value
        return {"ratio": self.name, "op": self.op, "value": self.value, "found": round(found, 2), "met": met}


def document_of_nothing(name: str, database: str | None) -> dict[str, Any]:
    """The shape of `bench` where nothing was measured: nobody knows whether the ways come to the same."""
    told: dict[str, Any] = {"name": name, "database": database, "size": {}, "rounds": 0, "equal": None, "digest": None}
    return {**told, "ways": {}, "ratios": {}, "goals": []}


@dataclass(slots=True)
class Figures:
    """All rounds of one bench. Each round has the ways that it measured; the first has all of them."""

    name: str
    database: str | None
    size: dict[str, Any]
    rounds: list[dict[str, Measured]] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    #: further results, such as rows written by table
    found: dict[str, Any] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether all ways in all rounds made the same, in the same number of rows and bytes."""
        whole = [[one for one in ways.values() if one.share == 1.0] for ways in self.rounds]
        digests = {one.digest for ways in whole for one in ways}
        parts = {one.part for ways in self.rounds for one in ways.values() if one.part}
        weighed_alike = all(len({one.weight for one in ways}) == 1 for ways in whole)
        return len(digests) == 1 and len(parts) <= 1 and weighed_alike

    def ratio(self, over: str, under: str) -> dict[str, float]:
        """The ratio of two ways, paired within each round that has both."""
        pairs = [(r[over], r[under]) for r in self.rounds if over in r and under in r]
        return _spread([one.scaled_seconds / other.scaled_seconds for one, other in pairs])

    def document(self) -> dict[str, Any]:
        """The shape of `bench`."""
        pairs = ((OURS, FLOOR), (NAIVE, OURS))
        ratios = {f"{over}/{under}": self.ratio(over, under) for over, under in pairs if over in self.rounds[0]}
        return {
            "name": self.name,
            "database": self.database,
            "size": self.size,
            "rounds": len(self.rounds),
            "equal": self.equal,
            "digest": self.rounds[0][OURS].digest,
            "ways": {way: self._way(way) for way in WAYS if way in self.rounds[0]},
            "ratios": ratios,
            "goals": [goal.document(ratios) for goal in self.goals],
            **self.found,
        }

    def peak(self, way: str) -> float:
        return max(ways[way].peak_rss_mb for ways in self.rounds if way in ways)

    def _way(self, way: str) -> dict[str, Any]:
        measured = [ways[way] for ways in self.rounds if way in ways]
        share = measured[0].share
        told: dict[str, Any] = {
            "seconds": _spread([one.scaled_seconds for one in measured]),
            "cpu_seconds": round(median(one.scaled_cpu_seconds for one in measured), 4),
            "peak_rss_mb": round(self.peak(way), 1),
        }
        return told if share == 1.0 else {**told, "share": round(share, 4), "rounds": len(measured)}


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"min": round(min(values), 4), "median": round(median(values), 4), "max": round(max(values), 4)}

"""A library system in memory: shows whom it was told of, fails on command, and remembers what it was asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from town import PEOPLE, number

from cprsync.domain.outward.deviation import Elsewhere

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cprsync.errors import CprsyncError
    from cprsync.services.ports.comparing import Question


def elsewhere(key: str, ordinal: int) -> Elsewhere:
    """Somebody of the town as another system has them from the register."""
    raw = PEOPLE[key]
    at, hidden = raw.get("address", {}), bool(raw.get("protections"))
    floor = " ".join(part for part in (at.get("floor", ""), at.get("door", "")) if part)
    street = f"{at.get('road', '')} {at.get('house', '')}, {floor}".strip(" ,")
    return Elsewhere(
        id=str(5000 + ordinal),
        name=raw["name"]["addressing"],
        street=None if hidden else street,
        postcode=at.get("postcode"),
        city=at.get("district"),
        birth=raw["born"],
        resident=at.get("municipality") == "0751",
        blocks=("D",) if raw["status"] == "90" else (),
    )


@dataclass
class FbsDouble:
    """Answers by CPR number, and by its own number once somebody knows it."""

    patrons: dict[str, Elsewhere] = field(default_factory=dict)
    #: what is answered instead of a patron, by CPR number
    failures: dict[str, CprsyncError] = field(default_factory=dict)
    #: from this question on nothing is answered; the error, if it has one, is the last answer
    ends_at: int | None = None
    ending: CprsyncError | None = None
    #: the CPR numbers asked about, in their order, and whether the patron's number here was known
    asked: list[tuple[str, bool]] = field(default_factory=list)
    #: called before each answer
    on_question: Callable[[Question], None] = field(default=lambda _: None)

    @classmethod
    def of(cls, *keys: str) -> FbsDouble:
        return cls({number(key): elsewhere(key, ordinal) for ordinal, key in enumerate(keys)})

    def changes(self, key: str, **values: Any) -> None:
        self.patrons[number(key)] = replace(self.patrons[number(key)], **values)

    def read_many(self, asked: Iterable[Question]) -> Iterator[tuple[Question, Elsewhere | CprsyncError | None]]:
        for question in asked:
            if self.ends_at is not None and len(self.asked) >= self.ends_at:
                if self.ending is not None:
                    yield question, self.ending
                return
            digits = question.number.digits
            self.asked.append((digits, question.their_id is not None))
            self.on_question(question)
            yield question, self.failures.get(digits) or self.patrons.get(digits)

"""Rows that an import refuses: line, field and reason in Danish and English. Never the value."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

T = TypeVar("T")
#: Rows in one transaction. Desk users wait at most for one transaction.
AT_ONCE: Final = 500

#: Why a row is refused.
REASONS: Final[Mapping[str, tuple[str, str]]] = {
    "form": (
        "ikke et CPR-nummer: der skal stå ti cifre, med højst én bindestreg efter det sjette",
        "not a CPR number: expected ten digits, with at most one hyphen after the sixth",
    ),
    "nine": (
        "kun ni cifre: et regneark har nok fjernet det første 0. Gør kolonnen til tekst dér, og gem listen igen",
        "nine digits only: a spreadsheet may have removed the 0 in front. Make the column text there, and save again",
    ),
    "impossible": (
        "ikke et muligt CPR-nummer, uden dato: spørg låneren, og ret filen (et erstatningsnummer har dagen plus 60)",
        "not a possible CPR number, with no date: ask the patron, mend the file (a replacement has the day plus 60)",
    ),
    "future": (
        "fødselsdatoen i nummeret er ikke kommet endnu: spørg låneren, og ret filen",
        "the birth date in the number has not come yet: ask the patron, mend the file",
    ),
    "name": (
        "højst 34 tegn, som på en adresselabel: forkort navnet",
        "at most 34 characters, as on an address label: shorten the name",
    ),
    "address": (
        "højst en linje med c/o og fem til, hver på højst 34 tegn, delt af |",
        "at most a line with c/o and five more, of at most 34 characters each, separated by |",
    ),
    "twice": ("det samme nummer står på en tidligere linje", "the same number stands on an earlier line"),
    "cells": ("flere felter, end overskriften har kolonner", "more cells than the header has columns"),
    "cell": ("for langt, eller med styretegn", "too long, or with control characters"),
    "nobody": (
        "der står ikke, hvem det er: hverken CPR-nummer, lånernummer eller kort",
        "it does not say who it is: neither a CPR number, a patron number nor a card",
    ),
    "card.taken": ("en anden låner har dette kort", "another patron has this card"),
    "card.earlier": ("det samme kort står på en tidligere linje", "the same card stands on an earlier line"),
    "number.replaced": (
        "nummeret er skiftet ud: det er nu låner {patron}s, som har et andet",
        "the number was replaced: it is now patron {patron}'s, who has another one",
    ),
    "number.required": (
        "lånergruppen kræver et CPR-nummer (policy.toml: cpr_required)",
        "the patron group requires a CPR number (policy.toml: cpr_required)",
    ),
    "patron.unknown": ("der er ingen låner med det lånernummer", "there is no patron of that patron number"),
    "patron.other": (
        "CPR-nummer og lånernummer er ikke den samme låners",
        "the CPR number and the patron number are not the same patron's",
    ),
    "absence": (
        "der skal stå den første dag og den sidste, som 2027-04-10 til 2027-04-20, eller kun den første",
        "expected the first day and the last, as 2027-04-10 til 2027-04-20, or the first alone",
    ),
    "blocked": (
        "der skal stå en dag som ÅÅÅÅ-MM-DD, og hvorfor i feltet blocked_reason",
        "expected a day as YYYY-MM-DD, and why in the field blocked_reason",
    ),
    "contact_address": (
        "højst en linje med c/o og fem til, delt af |",
        "at most a line with c/o and five more, separated by |",
    ),
    "branch": (
        "biblioteket har ingen filial, der hedder det (policy.toml: branches)",
        "the library has no branch of that name (policy.toml: branches)",
    ),
    "emails": (
        "der skal stå e-mailadresser som navn@sted, delt af |, og højst én med * foran",
        "expected e-mail addresses as name@place, separated by |, and at most one with a * before it",
    ),
    "telephones": (
        "der skal stå telefonnumre i cifre, et udenlandsk med + foran, delt af |, og højst ét med * foran",
        "expected telephone numbers in digits, a foreign one with a +, separated by |, at most one with a * before it",
    ),
    "kind": ("der skal stå person, institution eller bibliotek", "expected person, institution or library"),
    "language": ("der skal stå en sprogkode som da eller en", "expected a language code such as da or en"),
    "birth_date": (
        "der skal stå en fødselsdato som ÅÅÅÅ-MM-DD: ikke i fremtiden, og ikke for længe siden",
        "expected a day as YYYY-MM-DD: not in the future, and not too long ago",
    ),
    # the same at the desk, which has no file
    "desk.nine": (
        "kun ni cifre: der mangler et, måske det første 0",
        "nine digits only: one is missing, perhaps the 0 in front",
    ),
    "desk.impossible": (
        "ikke et muligt CPR-nummer, uden dato: spørg låneren (et erstatningsnummer har dagen plus 60)",
        "not a possible CPR number, with no date: ask the patron (a replacement number has the day plus 60)",
    ),
    "desk.number.replaced": (
        "nummeret er skiftet ud: bed låneren om det nye",
        "the number was replaced: ask the patron for the new one",
    ),
    "desk.future": (
        "fødselsdatoen i nummeret er ikke kommet endnu: spørg låneren",
        "the birth date in the number has not come yet: ask the patron",
    ),
    "type": (
        "der skal stå loan, reservation, balance eller message",
        "expected loan, reservation, balance or message",
    ),
    "missing": ("der mangler noget i dette felt", "something has to stand in this field"),
    "day": ("der skal stå en dag som ÅÅÅÅ-MM-DD", "expected a day as YYYY-MM-DD"),
    "day.future": (
        "dagen er ikke kommet endnu: ret den i det system, listen kommer fra, og importér rækken igen",
        "the day has not come yet: mend it in the list's own system, and import the row again",
    ),
    "day.order": (
        "dagen ligger før begyndelsen (loaned, placed eller raised): ret den i det system, listen kommer fra",
        "the day is before the beginning (loaned, placed or raised): correct it in the list's own system",
    ),
    "missing.new": (
        "der mangler noget i dette felt: kun et id, der er kendt her i forvejen, kan undvære det",
        "something has to stand in this field: only an id that is known here may do without",
    ),
    "amount": (
        "der skal stå kroner med højst to decimaler, som 1250, 1250,50 eller 1.250,50",
        "expected kroner with at most two decimals, as 1250, 1250.50 or 1.250,50",
    ),
    "balance.kind": ("der skal stå fee eller compensation", "expected fee or compensation"),
    "channel": ("der skal stå sms, email eller letter", "expected sms, email or letter"),
    "id.twice": ("det samme id står på en tidligere linje", "the same id stands on an earlier line"),
    "id.other": ("dette id er en anden låners", "this id is another patron's"),
    "borrower.unknown": ("der er ingen låner med det lånernummer eller kort", "no patron has that number or card"),
    "other": ("ikke taget", "not taken"),
}
#: What is taken but may be a mistake, or is left out of a row that is taken.
DOUBTS: Final[Mapping[str, tuple[str, str]]] = {
    "by_age": (
        "lånergruppen er ikke taget: den følger alderen, som siger en anden (patron set ID group fastlåser en)",
        "the patron group was left out: it follows age, which says another (patron set ID group can pin one)",
    ),
    "language": (
        "opgørelser findes på dansk (da) og engelsk (en): til dem med andre sprog skrives de på dansk",
        "statements exist in Danish (da) and English (en): to those with other languages they are written in Danish",
    ),
    "group": (
        "lånergruppen står ikke i policy.toml: er den stavet rigtigt? Den følger ikke alderen. Der er {groups}",
        "policy.toml has no such patron group: is it spelt right? It does not follow age. There are {groups}",
    ),
}


@dataclass(frozen=True, slots=True)
class Refused:
    """A refused row: its line, the field and the reason, without the value."""

    line: int
    field: str
    #: a key of `REASONS`
    why: str
    #: the patron who has the number or card now
    patron: str | None = None

    @property
    def told(self) -> tuple[str, str]:
        """The reason in Danish and in English."""
        danish, english = REASONS[self.why]
        return danish.format(patron=self.patron), english.format(patron=self.patron)

    @property
    def reason(self) -> str:
        """The reason in English, as in the JSON shape."""
        return self.told[1]


@dataclass(slots=True)
class Doubt:
    """What is taken but may be a mistake: the first line and the number of rows, without the value."""

    line: int
    field: str
    #: a key of `DOUBTS`
    why: str
    #: the groups that the policy has
    groups: tuple[str, ...] = ()
    rows: int = 0

    @property
    def told(self) -> tuple[str, str]:
        """The doubt in Danish and in English."""
        danish, english = DOUBTS[self.why]
        groups = ", ".join(self.groups)
        return danish.format(groups=groups), english.format(groups=groups)


@dataclass(slots=True)
class OfPatrons:
    """What is reported of a list of patrons, beside the counts."""

    #: patrons whose request to leave was taken back
    stays: list[str] = field(default_factory=list)
    #: patrons who had left and are created anew, by line; the patron number once it is assigned
    returns: list[tuple[int, str | None]] = field(default_factory=list)
    #: lines and patron numbers of those created: two numbers for each, so that a list may have any length
    lines: array[int] = field(default_factory=lambda: array("L"))
    numbers: array[int] = field(default_factory=lambda: array("L"))
    #: by field, how many rows had a value in a field that belongs to the register
    left: Counter[str] = field(default_factory=Counter)

    #: by reason and doubted text; the text is not reported
    doubts: dict[tuple[str, str], Doubt] = field(default_factory=dict)

    def made(self) -> Iterator[tuple[int, str]]:
        """The line and patron number of each patron created."""
        return ((line, str(number)) for line, number in zip(self.lines, self.numbers, strict=True))

    def document(self) -> dict[str, Any]:
        """This part of the JSON shape. Leaves out `patrons`, those created, because that list can be long."""
        return {
            "stays": self.stays,
            "returns": [{"line": line, "patron": patron} for line, patron in self.returns],
            "register_owns": dict(sorted(self.left.items())),
            "warnings": [
                {"line": one.line, "field": one.field, "rows": one.rows, "reason": one.told[1]}
                for one in self.doubts.values()
            ],
        }


@dataclass(slots=True)
class Imported:
    """What an import did, or would do."""

    #: the file's encoding, as detected
    encoding: str = "utf-8"
    rows: int = 0
    #: by outcome; with the refused rows they add up to all rows
    counts: Counter[str] = field(default_factory=Counter)
    refused: list[Refused] = field(default_factory=list)
    #: None: the list is not about patrons
    patrons: OfPatrons | None = None

    def document(self) -> dict[str, Any]:
        """The JSON shape of an import."""
        return {
            "rows": self.rows,
            "created": self.counts["created"],
            "updated": self.counts["updated"],
            "unchanged": self.counts["unchanged"],
            "refused": [{"line": r.line, "field": r.field, "reason": r.reason} for r in self.refused],
            "encoding": self.encoding,
            **({"over": self.counts["over"]} if self.patrons is None else self.patrons.document()),
        }


def in_parts(rows: Iterable[T], size: int = AT_ONCE) -> Iterator[list[T]]:
    """Split the rows into parts."""
    source = iter(rows)
    while part := list(islice(source, size)):
        yield part

"""Entries of the audit as text: who did what, when and why, and what a citizen is told of it.

Holds no value of a record, and a citizen is told no employee's name.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.review import PARKED
from cprsync.language.record import name_of
from cprsync.language.words import TIME_WIDTH, day_text, has_word, moment_text, reason_words, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cprsync.catalogues import Language
    from cprsync.services.ports.trust.audit import Happening
    from cprsync.services.trust.citizen import CitizenReport

#: The width of the column for users.
_WHO_WIDTH = 14
#: Kinds of entries with actions that need their own words.
_REVIEW, _RIGHTS = "review", "rights"
#: Kinds of entries with names of fields as actions.
_OF_FIELDS = frozenset({"set", "override", "override_withdrawn", "reveal", "own_view"})
#: The kind with an error's kind as its action, which the delivery's own report explains.
_DISCARD = "discard"
#: The kind with kinds of deleted data as its actions.
_FORGET = "forget"


def entry_document(entry: Happening) -> dict[str, Any]:
    """The JSON shape of an entry."""
    return {**asdict(entry), "actions": list(entry.actions), "who": entry.who or word("audit_nobody", "en")}


def entry_lines(entries: Iterable[Happening], language: Language, titles: Mapping[str, str]) -> Iterator[str]:
    """A line for each entry, and below them a note if something is withheld. `titles`: the products' titles by name."""
    withheld = False
    for entry in entries:
        withheld = withheld or entry.withheld
        yield _entry_line(entry, language, titles)
    if withheld:
        yield word("audit_withheld", language)


def _entry_line(entry: Happening, language: Language, titles: Mapping[str, str]) -> str:
    at = moment_text(entry.at, language)
    who = _who_text(entry, language)
    patron = word("audit_sealed", language) if entry.withheld else entry.patron or "–"
    done = "; ".join(_done_texts(entry, language, titles))
    return f"{at:<{TIME_WIDTH}}  {who:<{_WHO_WIDTH}}  {patron:<9}  {done}"


def _who_text(entry: Happening, language: Language) -> str:
    """Who did it: a person at the library, the patron on their own page, or the program."""
    if entry.who is None:
        return word("audit_nobody", language)
    return word("audit_themself", language) if entry.who == entry.patron else entry.who


@dataclass(frozen=True, slots=True)
class ChangeTexts:
    """One change in words."""

    at: str
    #: a person, or the program
    who: str
    #: the night that did it; None: no night did
    run: int | None
    done: str


def change_texts(entry: Happening, language: Language, titles: Mapping[str, str]) -> ChangeTexts:
    """An entry in words, for a page. `titles`: the products' titles by name."""
    at = moment_text(entry.at, language)
    who = _who_text(entry, language)
    return ChangeTexts(at, who, entry.run, "; ".join(_done_texts(entry, language, titles)))


def _done_texts(entry: Happening, language: Language, titles: Mapping[str, str]) -> Iterator[str]:
    """What was done, why, and when it was by the clock if that is another moment than the entry's."""
    actions = ", ".join(filter(None, _action_texts(entry, language, titles)))
    did = word(f"did_{entry.what}", language).removeprefix("did_")
    yield f"{did}: {actions}" if actions else did
    if entry.why is not None:
        yield word("audit_why", language, why=word(f"why_{entry.why}", language).removeprefix("why_"))
    if entry.has_reason:
        why = None if entry.reason is None else word("audit_reason_is", language, reason=entry.reason)
        yield why or word("audit_reason", language)
    if entry.clock is not None:
        yield word("audit_clock", language, at=moment_text(entry.clock, language))


def _action_texts(entry: Happening, language: Language, titles: Mapping[str, str]) -> Iterator[str]:
    if entry.what == _RIGHTS:
        for action in entry.actions:
            turn, _, product = action.partition(":")
            yield f"{titles.get(product, product)} {word(f'turn_{turn}', language)}"
    elif entry.what == _REVIEW:
        kind, *states = entry.actions
        yield reason_words(kind.removeprefix(PARKED), language)
        yield from (word(f"review_{state}", language) for state in states)
    elif entry.what != _DISCARD:
        yield from (action_words(entry.what, action, language) for action in entry.actions)


def attempt_text(doing: str, what: str, language: Language) -> str:
    """What somebody wants to do at the desk: its kind, and the one thing that it is."""
    did, (one, _, how) = word(f"did_refused.{doing}", language), what.partition(":")
    if doing == _REVIEW:
        return f"{did}: {word('asked_item', language, number=how)} ({word(f'asked_{one}', language)})"
    thing = name_of(one, language) if one in FIELD else word(f"why_{one}", language).removeprefix("why_")
    return f"{did}: {thing} ({word(f'asked_{how}', language)})" if how else f"{did}: {thing}"


def action_words(what: str, action: str, language: Language) -> str:
    """One action of an entry in words: what was done, or which field was changed."""
    if not has_word(f"did_{what}.{action}") and what in _OF_FIELDS and action in FIELD:
        return name_of(action, language)
    keys = (f"did_{what}.{action}", *((f"forgotten.{action}",) if what == _FORGET else ()), action)
    return word(next((key for key in keys if has_word(key)), action), language)


def citizen_rows(report: CitizenReport, language: Language) -> list[tuple[str, str, str]]:
    """Each look at a citizen: when, what was done, and what for."""
    return [
        (
            moment_text(one.at, language),
            word(f"did_{one.what}", language),
            word(f"why_{one.why}", language).removeprefix("why_"),
        )
        for one in report.looks
    ]


def recipient_lines(report: CitizenReport, language: Language) -> list[str]:
    """Who was told of a citizen, how often, and when last."""
    return [
        word(
            "citizen_told",
            language,
            who=word(f"citizen_recipient_{one.who}", language),
            count=one.count,
            last=day_text(one.last[:10], language),
        )
        for one in report.recipients
    ]


def citizen_lines(report: CitizenReport, language: Language) -> Iterator[str]:
    """A citizen's report as text."""
    yield word("citizen_title", language, organisation=report.organisation)
    rows = citizen_rows(report, language)
    yield from (f"  {at:<{TIME_WIDTH}}  {what}: {why}" for at, what, why in rows)
    if not rows:
        yield f"  {word('citizen_nobody', language)}"
    yield from (f"  {line}" for line in recipient_lines(report, language))

"""Alarms as text: the subject and the body of a mail, and the lines of `alarms list`. Names no person.

What is wrong is said in the words of `status`, with what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cprsync.domain.trust.alarms import Word, sort_tellings
from cprsync.language.status import WELL, WRONG, Problem, problem_of
from cprsync.language.words import moment_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.catalogues import Language
    from cprsync.services.ports.trust.alarms import Message

#: What the status calls it.
_STATUS: Final = {"certificate_unusable": "certificate"}
_OF_PEOPLE: Final = frozenset({"stopped", "capped"})


def mail_subject_of(messages: Sequence[Message], library: str, language: Language) -> str:
    """The subject of a mail. Without messages it is a test."""
    if not messages:
        return f"cprsync {library}: {word('alarm_test', language)}"
    first, *_ = sort_tellings(message.telling for message in messages)
    text = _problem(first.alarm.what, first.alarm.values, language).text
    more = len(messages) - 1
    said = f"{word(f'alarm_{first.word.value}', language)}: {text}"
    return f"cprsync {library}: {said}" + (f" {word('alarm_more', language, count=more)}" if more else "")


def body_of(messages: Sequence[Message], library: str, language: Language) -> str:
    """The body of a mail: what has begun first, then what still stands, and what has ended."""
    return "\n".join(_lines(messages, library, language)) + "\n"


def _lines(messages: Sequence[Message], library: str, language: Language) -> Iterator[str]:
    yield library
    if not messages:
        yield ""
        yield word("alarm_test_body", language)
    for one in sort_tellings(message.telling for message in messages):
        problem = _problem(one.alarm.what, one.alarm.values, language)
        since = moment_text(one.alarm.since.isoformat(timespec="seconds"), language)
        yield ""
        yield f"{word(f'alarm_{one.word.value}', language)}: {problem.text}"
        if one.alarm.gone is None:
            yield f"  {word('alarm_since', language, moment=since)}"
        else:
            gone = moment_text(one.alarm.gone.isoformat(timespec="seconds"), language)
            yield f"  {word('alarm_stood', language, since=since, gone=gone)}"
        if one.word is not Word.ENDED:
            yield f"  {problem.next}"
    yield ""
    yield word("alarm_foot", language)


def _problem(what: str, values: Mapping[str, Any], language: Language) -> Problem:
    if what in _OF_PEOPLE:
        # the status names them, and a mail does not
        return Problem(word(f"alarm_{what}", language), word(f"next_{what}", language))
    whole = {**dict.fromkeys(("problem", "step", "host", "whose", "count")), **values}
    return problem_of({**whole, "what": _STATUS.get(what, what)}, language)


def list_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The alarms of one library, line by line."""
    if not document["alarms"]:
        yield word("alarms_none", language)
    for one in document["alarms"]:
        since = moment_text(one["since"], language)
        told = word("alarms_untold", language) if one["told"] is None else moment_text(one["told"], language)
        text = _problem(one["what"], one["values"], language).text
        if one["gone"] is not None:
            yield f"{WELL} {text}"
            yield f"    {word('alarms_ended', language, since=since, gone=moment_text(one['gone'], language))}"
            continue
        yield f"{WRONG} {text}"
        yield f"    {word('alarms_line', language, since=since, told=told)}"
    for one in document["undelivered"]:
        yield word("alarms_undelivered", language, **{**one, "name": word(f"alarms_by_{one['name']}", language)})

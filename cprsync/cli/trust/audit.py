"""`audit`: check it, list who did what, and accept an audit that fails its check."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cprsync.catalogues import Language
from cprsync.cli.terminal.frame import (
    CONFIG,
    TYPED,
    AuditReason,
    Config,
    Json,
    Lang,
    Library,
    day,
    opened,
    print_document,
)
from cprsync.cli.terminal.output import print_long_json, say_lines
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.patron.review import PARKED
from cprsync.language.night import audit_lines
from cprsync.language.record import name_of
from cprsync.language.words import TIME_WIDTH, has_word, long_time, reason_words, titles_of, word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cprsync.services.ports.trust import Happening

BROKEN = 1
#: The width of the column for users.
_WHO_WIDTH = 14
#: Kinds of entries with actions that need their own words.
_REVIEW, _RIGHTS = "review", "rights"
#: Kinds of entries with names of fields as actions.
_OF_FIELDS = frozenset({"set", "override", "override_withdrawn", "reveal"})
#: The kind with an error's kind as its action, which the delivery's own report explains.
_DISCARD = "discard"
#: The kind with kinds of deleted data as its actions.
_FORGET = "forget"
app = typer.Typer()


@app.command("verify")
def audit_verify(
    *,
    code: Annotated[
        str | None, typer.Option("--code", help="A code that a night's report or an earlier check has told.")
    ] = None,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> int:
    """Follow the audit from end to end.

    Exit 1 with everything that does not fit. With --code it also has to be a later state of the audit of which the
    code was told.
    """
    from cprsync.services.ports.trust import EVERY_RECORD

    with opened(config, library, as_json=as_json) as site, site.store() as store:
        check = store.audit.check(code=code, records=EVERY_RECORD)
    document = {"agency": site.section.agency, **check.document()}
    print_document(document, audit_lines(document, lang), as_json=as_json)
    return 0 if document["whole"] else BROKEN


@app.command("list")
def audit_list(
    *,
    patron: Annotated[str | None, typer.Option("--patron", help="Whose record: the patron number.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who did it.")] = None,
    since: Annotated[
        date | None, typer.Option("--since", parser=day, metavar=TYPED, help="YYYY-MM-DD: the first day.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="At most so many.")] = 200,
    reasons: Annotated[
        bool, typer.Option("--reasons", help="Open the reasons that people gave; that you read them is written down.")
    ] = False,
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """List who did what, when and why.

    The latest first; no value of a record.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.ports.trust import AuditFilter
    from cprsync.services.trust.audit import list_entries

    first = None if since is None else datetime.combine(since, time(), tzinfo=COPENHAGEN)
    # an entry without a user is found by the word for it in either language
    who = "" if by in {word("audit_nobody", "da"), word("audit_nobody", "en")} else by
    wanted = AuditFilter(patron, who, first, limit, reasons=reasons)
    with opened(config, library, as_json=as_json) as site:
        policy = site.policy
        with site.store() as store:
            if reasons:
                store.audit.note_reading(user=user_name())
            entries = list_entries(store, policy, wanted)
            if as_json:
                print_long_json({"agency": site.section.agency, "entries": []}, "entries", map(_document, entries))
            else:
                say_lines(entry_lines(entries, lang, titles_of(policy.products, lang)))


def _document(entry: Happening) -> dict[str, Any]:
    return {**asdict(entry), "who": entry.who or word("audit_nobody", "en")}


@app.command("accept")
def audit_accept(
    *,
    reason: AuditReason = "",
    config: Config = CONFIG,
    library: Library = None,
    lang: Lang = "da",
    as_json: Json = False,
) -> None:
    """Accept an audit that fails its check.

    Use this only when you know the cause, for example an older copy of the database was put back. From here on the
    audit is checked again.
    """
    from cprsync.cli.terminal.user import user_name
    from cprsync.services.trust.audit import accept_audit

    with opened(config, library, as_json=as_json) as site, site.store() as store:
        was = accept_audit(store, user=user_name(), reason=reason).document()
    lines = [word("audit_accepted", lang), *(f"  {line}" for line in audit_lines(was, lang))]
    print_document({"agency": site.section.agency, "accepted": was}, lines, as_json=as_json)


def entry_lines(entries: Iterable[Happening], language: Language, titles: Mapping[str, str]) -> Iterator[str]:
    """A line for each entry, and below them a note if something is withheld. `titles`: the products' titles by name."""
    withheld = False
    for entry in entries:
        withheld = withheld or entry.withheld
        yield _entry_line(entry, language, titles)
    if withheld:
        yield word("audit_withheld", language)


def _entry_line(entry: Happening, language: Language, titles: Mapping[str, str]) -> str:
    at = long_time(datetime.fromisoformat(entry.at).astimezone(COPENHAGEN), language)
    who = entry.who or word("audit_nobody", language)
    patron = word("audit_sealed", language) if entry.withheld else entry.patron or "–"
    done = "; ".join(_done_texts(entry, language, titles))
    return f"{at:<{TIME_WIDTH}}  {who:<{_WHO_WIDTH}}  {patron:<9}  {done}"


def _done_texts(entry: Happening, language: Language, titles: Mapping[str, str]) -> Iterator[str]:
    """What was done, and why."""
    actions = ", ".join(filter(None, _action_texts(entry, language, titles)))
    did = word(f"did_{entry.what}", language).removeprefix("did_")
    yield f"{did}: {actions}" if actions else did
    if entry.why is not None:
        yield word("audit_why", language, why=word(f"why_{entry.why}", language).removeprefix("why_"))
    if entry.has_reason:
        why = None if entry.reason is None else word("audit_reason_is", language, reason=entry.reason)
        yield why or word("audit_reason", language)


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


def action_words(what: str, action: str, language: Language) -> str:
    """One action of an entry in words: what was done, or which field was changed."""
    if not has_word(f"did_{what}.{action}") and what in _OF_FIELDS and action in FIELD:
        return name_of(action, language)
    keys = (f"did_{what}.{action}", *((f"forgotten.{action}",) if what == _FORGET else ()), action)
    return word(next((key for key in keys if has_word(key)), action), language)

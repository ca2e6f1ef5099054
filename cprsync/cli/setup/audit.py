"""The `audit` commands: check it, list who did what, and accept an audit that fails its check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from cprsync.cli.language.words import Language, titles_of, word
from cprsync.cli.night.report_text import audit_lines
from cprsync.cli.setup.audit_text import entry_lines
from cprsync.cli.terminal.output import failures, print_json, print_long_json, say
from cprsync.domain.feed.workdays import COPENHAGEN
from cprsync.services.trust.audit_reading import list_entries

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from cprsync.services.ports.values import AuditFilter, Happening

BROKEN = 1


@dataclass(frozen=True, slots=True)
class Listing:
    """Which entries to list."""

    patron: str | None
    by: str | None
    since: date | None
    limit: int
    reasons: bool = False

    def wanted(self) -> AuditFilter:
        from cprsync.services.ports.values import AuditFilter

        since = None if self.since is None else datetime.combine(self.since, time(), tzinfo=COPENHAGEN)
        # an entry without a user is found by the word for it in either language
        by = "" if self.by in {word("audit_nobody", "da"), word("audit_nobody", "en")} else self.by
        return AuditFilter(self.patron, by, since, self.limit, reasons=self.reasons)


def verify_command(code: str | None, *, config: Path, library: str | None, language: Language, as_json: bool) -> int:
    """Check the audit. Exit 1 if it fails."""
    from cprsync import wiring
    from cprsync.config.settings import load_settings
    from cprsync.services.night.report import audit_document
    from cprsync.services.ports.values import EVERY_RECORD

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.opened_store(settings, section, wiring.clock_for(settings)) as store:
            document = {"agency": section.agency, **audit_document(store.check_audit(code=code, records=EVERY_RECORD))}
    if as_json:
        print_json(document)
    else:
        for line in audit_lines(document, language):
            say(line)
    return 0 if document["whole"] else BROKEN


def list_command(listing: Listing, *, config: Path, library: str | None, language: Language, as_json: bool) -> None:
    """List who did what."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import user_name
    from cprsync.config.policy import load_policy
    from cprsync.config.settings import load_settings

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        policy = load_policy(section.policy, section.municipalities)
        with wiring.opened_store(settings, section, wiring.clock_for(settings)) as store:
            if listing.reasons:
                store.note_audit_reading(user=user_name())
            entries = list_entries(store, policy, listing.wanted())
            if as_json:
                print_long_json({"agency": section.agency, "entries": []}, "entries", map(_document, entries))
                return
            for line in entry_lines(entries, language, titles_of(policy.products, language)):
                say(line)


def _document(entry: Happening) -> dict[str, Any]:
    return {**asdict(entry), "who": entry.who or word("audit_nobody", "en")}


def accept_command(*, reason: str, config: Path, library: str | None, language: Language, as_json: bool) -> None:
    """Accept the audit as it is."""
    from cprsync import wiring
    from cprsync.cli.terminal.operator import user_name
    from cprsync.config.settings import load_settings
    from cprsync.services.night.report import audit_document
    from cprsync.services.trust.audit_accepting import accept_audit

    with failures(as_json=as_json):
        settings = load_settings(config)
        section = wiring.library_of(settings, library)
        with wiring.opened_store(settings, section, wiring.clock_for(settings)) as store:
            was = audit_document(accept_audit(store, user=user_name(), reason=reason))
    if as_json:
        print_json({"agency": section.agency, "accepted": was})
        return
    say(word("audit_accepted", language))
    for line in audit_lines(was, language):
        say("  " + line)

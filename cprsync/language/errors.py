"""What an error means for the user: its sentence, its exit code, and what to do next.

The Danish sentence is found by the English one, with which the error is raised. Both have the same names in braces.
"""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cprsync import errors
from cprsync.catalogues import find_text
from cprsync.domain.patron.fields import FIELD
from cprsync.domain.wording import Wording
from cprsync.errors import Exit
from cprsync.language.words import day_text, long_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cprsync.catalogues import Language
    from cprsync.errors import CprsyncError

_KINDS: Final = {
    Exit.REFUSED: """
        access account account.certificate audit.broken audit.whole backup.audit backup.broken backup.drill
        backup.failed backup.ahead backup.none backup.survivor backup.survivor.key
        backup.survivor.other_key backup.taken block.unknown confirm.again confirm.beside confirm.changed
        confirm.declined confirm.key confirm.needed confirm.number confirm.reason confirm.stopped cursor.gone
        cursor.unknown delivery.behind_gap
        delivery.damaged delivery.discarded delivery.empty delivery.encoding delivery.foreign delivery.forgotten
        delivery.future delivery.gap delivery.no_copy
        delivery.not_fetched delivery.not_stopped delivery.product delivery.replaced delivery.taken delivery.task
        delivery.too_large delivery.unknown entitlements.wrong forecast.everyone input.branch input.empty input.fields
        input.folder
        input.header
        input.reason journal.behind journal.broken journal.whole keys.approved keys.backups keys.named
        keys.named.audit keys.named.lines keys.unknown keys.writes
        list.missing list.several number.both_patrons
        number.not_set number.real number.replaced number.taken_back own.field patron.closed patron.exists patron.gone
        patron.merged patron.no_card patron.nobody patron.open patron.unknown
        plan.approved plan.changed plan.nobody plan.none plan.not_approved
        plan.ran_out plan.same_person plan.unknown request responsible.circle responsible.gone responsible.minor
        responsible.no_borrower responsible.no_person responsible.none responsible.of_age responsible.self
        responsible.too_many review.bulk review.changed review.closed review.closed.accepted review.closed.rejected
        review.closed.settled review.closed.undone review.closed.waiting review.nobody review.same_person
        review.unknown revert.done revert.holds_none revert.nothing revert.open revert.too_old
        run.unknown sign_in store.seal
    """,
    Exit.WRONG: """
        accounts alarm.certificate alarm.file alarm.log_in alarm.no_tls alarm.receiver alarm.refused
        audit.heads audit.heads.append_only audit.heads.folder backup.key backup.key.folder backup.newer
        backup.other_key backup.program backup.recipient backup.scratch
        certificate.ca certificate.ca.test certificate.desk certificate.ours certificate.ours.cvr
        certificate.ours.key_mismatch certificate.ours.missing certificate.ours.no_room certificate.ours.revoked
        certificate.ours.test certificate.ours.unreadable certificate.refused certificate.renewal
        certificate.renewal.earlier certificate.renewal.same certificate.theirs certificate.theirs.expired
        certificate.theirs.host
        certificate.theirs.not_yet_valid certificate.theirs.test certificate.theirs.untrusted clock
        configuration.missing configuration.password delivery.no_room fbs.certificate fbs.off fbs.refused fbs.version
        fields file file.credential file.owner init.folder journal.file
        keys.foreign keys.form keys.lost keys.missing keys.mode keys.other keys.purpose
        netmedia.refused_in_a_row
        plan.file policy port port.address port.low schemas
        sftp.crowded sftp.delete sftp.folder sftp.host_key sftp.key sftp.known_hosts
        sftp.refused store.damaged store.gone
        store.agency store.environment.production store.environment.test store.line store.newer store.not_set_up
        store.database store.login store.rights store.role store.role.missing store.tables
        store.version target.unknown target.unreadable usage usage.field usage.field.protection usage.number
        usage.reason usage.until
    """,
    Exit.LATER: """
        alarm.unreachable
        backup.busy backup.no_room backup.no_room.copy
        card.busy card.ceiling card.guessing card.quota delivery.late delivery.unfinished
        desk.busy fbs keys.busy
        mock.not_running reader.busy sftp.broken sftp.too_long sftp.too_slow sftp.unreachable sign_in.unavailable
        store.busy store.no_room store.no_writes store.unavailable target.not_loaded
        target.put_back target.tokens
    """,
    Exit.BRAKED: """
        netmedia.braked provisional.braked revert.braked review.braked run.braked subscriptions.braked windows.braked
    """,
    Exit.ACCOUNT: """
        access.day access.hour access.reason access.second access.stopped access.strangers as.account card.refused
        machine.unknown reader.unknown session.ended session.host session.role session.token
    """,
    Exit.PART: """
        audit.heads_unwritten audit.heads_unwritten.append_only desk.worker interrupted.unchanged memory
        mock.stopped output.lost run.balance store.read_only
    """,
}
#: The exit code by the kind of an error, which is also the key of its advice.
EXITS: Final = {kind: code for code, kinds in _KINDS.items() for kind in kinds.split()}
#: The exit code of what a later try may do.
TRY_LATER: Final = 4
#: The exit code and the key of the advice by class, the most specific first.
BY_CLASS: Final[tuple[tuple[type[CprsyncError], int, str], ...]] = (
    (errors.ConfigurationError, Exit.WRONG, "setting"),
    (errors.DeliveryRefused, Exit.REFUSED, "delivery.forgotten"),
    (errors.BadInput, Exit.REFUSED, "input"),
    (errors.DeliveryLate, Exit.LATER, "later"),
    (errors.RunBusy, Exit.LATER, "run.busy"),
    (errors.RunStopped, Exit.PART, "again"),
    (errors.NoSuchPerson, Exit.REFUSED, "register.no_such_person"),
    (errors.RegisterUnavailable, Exit.LATER, "later"),
    (errors.RegisterRefused, Exit.REFUSED, "register.refused"),
    (errors.BadAnswer, Exit.REFUSED, "register.bad_answer"),
    (errors.NetMediaUntrusted, Exit.WRONG, "netmedia.certificate"),
    (errors.NetMediaUnavailable, Exit.LATER, "netmedia.unavailable"),
    (errors.NetMediaRefused, Exit.WRONG, "netmedia.refused"),
    (errors.TargetUntrusted, Exit.WRONG, "target.certificate"),
    (errors.TargetUnavailable, Exit.LATER, "target.unavailable"),
    (errors.TargetRefused, Exit.WRONG, "target.refused"),
    (errors.LostCompare, Exit.PART, "again"),
    (errors.FenceLost, Exit.PART, "run.fence_lost"),
    (errors.CprsyncError, Exit.PART, "unexpected"),
)
_DAY: Final = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])")
#: As our errors write a moment of Danish time.
_MOMENT: Final = re.compile(rf"({_DAY.pattern} [0-9]{{2}}:[0-9]{{2}}) CES?T")
#: How fields are shown, by the name of a value that holds one key or several.
_FIELDS: Final[Mapping[str, str]] = {
    "name": "{name}",
    "field": "{name}",
    # the key is what is typed
    "fields": "{name} ({key})",
}


class Advice(NamedTuple):
    """An exit code of the command line, and the next step."""

    exit: int
    next: Wording


def advice_for(error: CprsyncError) -> Advice:
    """Find the advice by kind, then by the kind's parents, then by class."""
    return _advice(*find_advice(error))


def find_advice(error: CprsyncError) -> tuple[int, str]:
    """The exit code and the key of an error's advice."""
    kind = next((kind for kind in with_parents(error.kind) if kind in EXITS), "")
    if kind:
        return EXITS[kind], kind
    return next((code, key) for of, code, key in BY_CLASS if isinstance(error, of))


def with_parents(kind: str) -> Iterator[str]:
    """A kind, such as plan.same_person, then what it is a kind of."""
    while kind:
        yield kind
        kind = kind.rpartition(".")[0]


def _advice(code: int, key: str) -> Advice:
    return Advice(code, Wording(find_text("advice", key, "da"), find_text("advice", key, "en")))


def advice_text(kind: str, language: Language) -> str:
    """What to do next at a kind of error that has an advice of its own."""
    return _advice(EXITS[kind], kind).next.text(language)


def error_document(error: CprsyncError, *, changed: str, reference: str = "") -> dict[str, Any]:
    """The JSON shape of a failure. `da` holds what a terminal shows in Danish. `reference`: a new one if empty."""
    advice = advice_for(error).next
    return {
        "kind": error.kind,
        "message": error.message,
        "changed": changed,
        "next": advice.en,
        "reference": reference or secrets.token_hex(4),
        "da": {"message": in_danish(error.document()), "next": advice.da},
    }


def error_text(error: CprsyncError, language: Language) -> str:
    """The sentence of an error, with its values."""
    return in_danish(error.document()) if language == "da" else error.message


def in_danish(told: Mapping[str, Any]) -> str:
    """The sentence of an error in Danish, with its values. `told`: what `CprsyncError.document` gives.

    A sentence without a translation stays English.
    """
    if "da" in told:
        return str(told["da"])
    sentence: str = told["sentence"]
    values = {name: _named(name, value) for name, value in told["values"].items()}
    said = find_text("errors", sentence, "da") or told.get("message", sentence)
    return said.format(**values) if values else said


def _named(name: str, value: Any) -> str:
    """The value for a name in a sentence. A field gets the name that it has in a record."""
    if isinstance(value, dict):
        return in_danish(value)
    if name in _FIELDS:
        return ", ".join(_field(key, _FIELDS[name]) for key in str(value).split(", "))
    return _value(value)


def _field(key: str, form: str) -> str:
    return form.format(name=FIELD[key].name.da, key=key) if key in FIELD else _value(key)


def _value(value: str) -> str:
    if _DAY.fullmatch(value):
        try:
            return day_text(value, "da")
        except ValueError:  # no such day
            return value
    if moment := _MOMENT.fullmatch(value):
        return long_time(datetime.fromisoformat(moment[1]), "da")
    return find_text("errors", value, "da") or value


def failure_words(document: Mapping[str, Any], language: Language) -> Mapping[str, Any]:
    """The message and the advice of a failure in one language, if the document has them."""
    if language == "da" and "da" in document:
        words: Mapping[str, Any] = document["da"]
        return words
    return document

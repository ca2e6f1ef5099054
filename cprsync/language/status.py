"""How a library stands, as text: what somebody has to look after first, with what to do, and then the facts.

A mark before each line reads without colour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cprsync.documents import document_of
from cprsync.domain.deciding.approval import PLAN_SHOWN
from cprsync.domain.patron.review import DOUBTED_PROTECTIONS
from cprsync.errors import Exit
from cprsync.language.outward import status_line
from cprsync.language.words import bytes_text, day_text, ended_text, moment_text, since_text, word

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.catalogues import Language
    from cprsync.services.ports.finding import ProvisionalWaiting
    from cprsync.services.ports.runs import ListedRun, VoidYes, WaitingPlan
    from cprsync.services.ports.trust.status import AuditStands, DeliveriesStand, LibraryStatus, UpkeepStands
    from cprsync.services.ports.trust.upkeep import UpkeepTask

#: The marks of a line: all is well, somebody has to look, and nothing to say either way.
WELL, WRONG, NEITHER = "✓", "!", "·"
#: The fact that a problem belongs to, by the problem. Others are facts of their own.
_FACTS: Final = {
    "no_run": "night",
    "open_run": "night",
    "run": "night",
    "replaced": "deliveries",
    "night_late": "night",
    "night_missed": "night",
    "late": "deliveries",
    "failed": "waits",
    "old": "waits",
    "culr_missing": "waits",
    "unheard": "provisional",
    "windows": "parked",
    "open_undo": "undoing",
    "audit": "audit",
    "heads": "heads",
    "rotation": "keys",
    "backup_failed": "backup",
    "backup_old": "backup",
    "backup_ahead": "backup",
    "backup_never": "backup",
    "drill_never": "drill",
    "drill_failed": "drill",
    "drill_old": "drill",
    "drill_ahead": "drill",
}
#: The certificates of which there are many: only the one that ends first is told.
_MANY: Final = ("chain", "trusted")


class Problem(NamedTuple):
    """What somebody has to look after, and what to do."""

    text: str
    next: str


class Fact(NamedTuple):
    """One line of how it stands."""

    mark: str
    text: str


def status_lines(status: LibraryStatus, language: Language) -> Iterator[str]:
    """The status of one library, line by line, with problems first."""
    mark = WELL if status.ok else WRONG
    yield f"{mark} {_title(status, language)}"
    for problem in problems_of(status, language):
        yield f"  {WRONG} {problem.text}"
        yield f"      {problem.next}"
    if not status.ok:
        yield ""
    yield from (f"  {fact.mark} {fact.text}" for fact in status_facts_of(status, language))


def _title(status: LibraryStatus, language: Language) -> str:
    """Whether something is wrong. If nothing is, what waits for staff is said at once: a protection may be in doubt."""
    waiting, named = status.waits.reviews, {"agency": status.agency, "name": status.name}
    doubted = sum(count for kind, count in status.waits.kinds.items() if kind in DOUBTED_PROTECTIONS)
    if not status.ok:
        return word("status_wrong", language, **named)
    if doubted:
        return word("status_ok_doubted", language, **named, count=doubted, waiting=waiting)
    return word("status_ok_waits" if waiting else "status_ok", language, **named, count=waiting)


def problems_of(status: LibraryStatus, language: Language) -> list[Problem]:
    """What somebody has to look after, in words."""
    return [problem_of(one, language) for one in wrong_of(status)]


def wrong_of(status: LibraryStatus) -> list[Mapping[str, Any]]:
    """What somebody has to look after, the most urgent first, without what another one tells."""
    return [one for one in status.wrong if not one.get("within")]


def problem_of(one: Mapping[str, Any], language: Language) -> Problem:
    """One of them, as the document has it."""
    what, values = one["what"], {**one}
    if "exit" in one:
        values["ended"] = ended_text(one["exit"], one.get("error"), language)
    values |= {key: day_text(one[key], language) for key in ("due", "day") if key in one}
    values |= {key: moment_text(one[key], language) for key in ("oldest", "since", "at", "until") if one.get(key)}
    if what == "disk":
        values |= {"free": bytes_text(one["free"], language), "place": word(f"disk_{one['place']}", language)}
    if what == "windows":
        values |= {
            "keys": ", ".join(f"guard.{name}.count" for name in one["classes"]),
            "classes": ", ".join(word(name, language) for name in one["classes"]),
        }
    if what == "alarms":
        values["name"] = word(f"alarms_by_{one['name']}", language)
    if what == "plan":
        return _plan_problem(one, values, language)
    if what in {"heads", "policy"}:
        values["problem"] = problem_text(one, language)
    if what == "certificate":
        values |= {"whose": whose_text(one, language), "problem": problem_text(one, language)}
    following = "next_certificate_theirs" if one.get("whose") == "theirs" else f"next_{what}"
    if one.get("unfinished"):
        following = "next_unfinished"
    if one.get("never"):
        following = "next_first_late"
    mending = mending_text(one, language) if what == "certificate" else ""
    return Problem(word(_key_of(one), language, **values), mending or word(following, language, **values))


def _key_of(one: Mapping[str, Any]) -> str:
    """The word that says what is wrong."""
    what = one["what"]
    if what == "run" and one.get("day"):
        return "wrong_run_lost" if one.get("error") == "delivery.gap" else "wrong_run_untaken"
    for why in ("never", "unfinished"):
        if one.get(why):
            return f"wrong_late_{why}"
    if what == "rotation" and not one["rows"]:
        # for this purpose nothing is brought
        return "wrong_rotation_begun"
    if what == "certificate":
        return _certificate_key(one)
    return f"wrong_{what}"


def _certificate_key(one: Mapping[str, Any]) -> str:
    if one["problem"]:
        return "wrong_certificate_bad"
    if one["step"] is None:
        return "wrong_certificate_list"
    return "wrong_certificate" if one["count"] else "wrong_certificate_today"


def _plan_problem(one: Mapping[str, Any], values: Mapping[str, Any], language: Language) -> Problem:
    """A held plan: how many people have to approve it, or the command that writes it."""
    values = {**values, "classes": ", ".join(word(name, language) for name in one["classes"])}
    waits = "wrong_plan" if one["missing"] else "wrong_plan_approved"
    text = word(waits if one["undoes"] is None else "wrong_plan_undo", language, **values)
    if one["missing"]:
        return Problem(text, word("next_plan", language, **{**values, "count": one["missing"]}))
    return Problem(
        text,
        word(
            "plan_approved" if one["undoes"] is None else "plan_approved_undo",
            language,
            **{**values, "run": one["undoes"]},
        ),
    )


def status_facts_of(status: LibraryStatus, language: Language) -> Iterator[Fact]:
    """How it stands, line by line."""
    wrong = {_FACTS.get(one["what"], "") for one in status.wrong}
    plans = [one for one in status.wrong if one["what"] == "plan"]
    # the plan of a night is why that night was stopped
    wrong |= {_plan_name(one["run"]) for one in plans} | {"night" for one in plans if one["undoes"] is None}
    # the next run goes on with it, or another line says what was wrong: it is neither
    well = {"quota": NEITHER}
    if status.run is None or status.run.exit not in {Exit.DONE, Exit.LEFT}:
        well["night"] = NEITHER
    for name, text in _texts(status, language):
        yield Fact(WRONG if name in wrong else well.get(name, WELL), text)
    for one in status.targets:
        named = any(found.get("name") == one.name for found in status.wrong)
        yield Fact(WRONG if named else WELL, status_line(one, language))
    yield from _certificate_facts(status, language)
    yield from _disk_facts(status, language)
    yield from _upkeep_facts(status.upkeep, wrong, language)
    keys = ", ".join(f"{key.purpose} {key.id}" for key in status.keys)
    yield Fact(WRONG if "keys" in wrong else NEITHER, word("status_keys", language, keys=keys or "–"))


def _texts(status: LibraryStatus, language: Language) -> Iterator[tuple[str, str]]:
    """The facts of the night and of what waits, each by its name."""
    yield "night", _night_text(status.run, language)
    yield "deliveries", _deliveries_text(status.deliveries, language)
    waits, net_media = status.waits, status.waits.net_media
    oldest = f", {since_text(net_media.oldest, language)}" if net_media.oldest else ""
    counts = {"reviews": waits.reviews, "net_media": net_media.waiting, "failed": net_media.failed}
    yield "waits", word("status_waits", language, **counts) + oldest
    yield from ((_plan_name(one.run), _plan_text(one, language)) for one in status.plans)
    for one in waits.undoing:
        yield "undoing", problem_of({"what": "open_undo", **document_of(one)}, language).text
    if waits.undone:
        yield "undone", word("status_undone", language, count=waits.undone)
    if waits.parked or waits.windows:
        yield "parked", word("status_parked", language, parked=waits.parked, windows=waits.windows)
    today = waits.windows_today
    for text in quota_lines(waits.windows, today.asked, today.most, language):
        yield "quota", text
    if waits.provisional.register or waits.provisional.staff:
        yield "provisional", _provisional_text(waits.provisional, language)
    numbers = status.subscriptions
    counts = {"wanted": numbers.wanted, "held": numbers.held, "unconfirmed": numbers.unconfirmed}
    yield "subscriptions", word("status_subscriptions", language, **counts)
    yield from _audit_texts(status.audit, language)
    if status.heads.problem is not None:
        problem = (language == "da" and status.heads.problem_da) or status.heads.problem
        yield "heads", word("wrong_heads", language, problem=problem)


def _deliveries_text(deliveries: DeliveriesStand, language: Language) -> str:
    days = {"last": day_text(deliveries.last, language), "due": day_text(deliveries.due, language)}
    text = word("status_delivery" if deliveries.last else "status_delivery_none", language, **days)
    if not (deliveries.waiting or deliveries.stopping):
        return text
    return text + word("status_inbox", language, waiting=deliveries.waiting, stopping=deliveries.stopping)


def quota_lines(left: int, asked: int, most: int, language: Language) -> Iterator[str]:
    """That the day's look-ups about patrons in a window are used, and how many days the rest takes."""
    if left and not most:
        yield word("windows_no_quota", language)
    elif left and asked >= most:
        yield word("windows_quota_used", language, count=-(-left // most), asked=asked, most=most)


def _night_text(run: ListedRun | None, language: Language) -> str:
    if run is None:
        return word("status_no_run", language)
    ended = ended_text(run.exit, run.error, language)
    text = word("status_run", language, run=run.run, day=day_text(run.day, language), ended=ended)
    return text if run.reverted_by is None else f"{text}; {word('run_reverted_by', language, run=run.reverted_by)}"


def _plan_name(run: int) -> str:
    return f"plan {run}"


def _plan_text(one: WaitingPlan, language: Language) -> str:
    """A held plan: the first characters of its hash, since when, who has approved it, and until when that counts."""
    since = moment_text(one.since, language)
    text = word("status_plan", language, run=one.run, plan=one.plan[:PLAN_SHOWN], since=since)
    given = [
        word("status_plan_yes", language, who=yes.who, moment=moment_text(yes.at, language)) for yes in one.approved_by
    ]
    text += word("status_plan_by", language, by=", ".join(given)) if given else ""
    if one.unbound:
        text += f". {word('plan_unbound', language, by=', '.join(one.unbound)).rstrip('.')}"
    text += f". {void_text(one.void, language).rstrip('.')}" if one.void else ""
    if one.until is None or (given and one.missing):
        # a second yes is missing, or both
        return text
    key = "status_plan_over" if one.missing else "status_plan_until"
    return text + word(key, language, moment=moment_text(one.until, language))


def _provisional_text(still: ProvisionalWaiting, language: Language) -> str:
    since = ""
    if still.oldest is not None:
        since = word("status_provisional_since", language, oldest=moment_text(still.oldest, language))
    return word("status_provisional", language, register=still.register, staff=still.staff, since=since)


def _audit_texts(audit: AuditStands, language: Language) -> Iterator[tuple[str, str]]:
    """How the audit's ends stand, every problem of theirs, and what the last night found that followed all of it."""
    from cprsync.language.errors import in_danish

    key = "status_audit" if audit.whole else "status_audit_broken"
    yield "audit_ends" if audit.whole else "audit", word(key, language, count=audit.entries, code=audit.code)
    yield from (("audit", in_danish(one) if language == "da" else one["message"]) for one in audit.problems)
    if audit.kept is not None:
        kept = moment_text(audit.kept, language)
        yield "audit_kept", word("status_audit_kept", language, count=audit.since, moment=kept)
    followed = audit.followed
    if followed is not None:
        key = "status_audit_followed" if followed.whole else "status_audit_followed_broken"
        text = word(key, language, run=followed.run)
        text += f"; {word('status_audit_accepted', language)}" if followed.accepted else ""
        yield "audit_followed" if followed.whole or followed.accepted else "audit", text


def whose_text(certificate: Mapping[str, Any], language: Language) -> str:
    """Whose a certificate is: ours, or a counterpart's by its host."""
    return certificate.get("host") or word(f"certificate_{certificate['whose']}", language)


def mending_text(certificate: Mapping[str, Any], language: Language) -> str:
    """What to do about a file or a setting of ours. Empty: another certificate is needed, ours or theirs."""
    from cprsync.language.errors import EXITS, advice_text, with_parents

    told = str(certificate.get("kind") or "")
    kind = next((one for one in with_parents(told) if one in EXITS), "")
    needs_another = kind == "certificate.ours" or kind.startswith("certificate.theirs")
    return "" if needs_another or not kind else advice_text(kind, language)


def problem_text(certificate: Mapping[str, Any], language: Language) -> str:
    """What is wrong with a certificate."""
    return (language == "da" and certificate.get("problem_da")) or certificate["problem"] or ""


def _certificate_facts(status: LibraryStatus, language: Language) -> Iterator[Fact]:
    alarming = {(one["whose"], one["host"], one["count"]) for one in status.wrong if one["what"] == "certificate"}
    for one in first_to_end(status.certificates):
        wrong = (one["whose"], one.get("host"), one.get("days_left")) in alarming
        is_shown = one.get("problem") or one.get("days_left") is not None
        yield Fact(WRONG if wrong else WELL if is_shown else NEITHER, _certificate_text(one, language))


def first_to_end(certificates: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Each certificate, but of our issuers and of those that we trust only the one that ends first."""
    yield from (one for one in certificates if one["whose"] not in _MANY)
    for whose in _MANY:
        several = [one for one in certificates if one["whose"] == whose]
        # without days, it cannot be used
        yield from sorted(several, key=lambda one: -1 if one.get("days_left") is None else one["days_left"])[:1]


def _certificate_text(one: Mapping[str, Any], language: Language) -> str:
    whose = whose_text(one, language)
    if one.get("problem"):
        return word("status_certificate_bad", language, whose=whose, problem=problem_text(one, language))
    if one.get("days_left") is None:
        return word("status_certificate_unseen", language, whose=whose)
    return word("status_certificate", language, whose=whose, count=one["days_left"])


def _disk_facts(status: LibraryStatus, language: Language) -> Iterator[Fact]:
    full = {one["place"] for one in status.wrong if one["what"] == "disk"}
    for one in status.disks:
        if one["free"] is not None:
            place = word(f"disk_{one['place']}", language)
            text = word("status_disk", language, place=place, free=bytes_text(one["free"], language))
            yield Fact(WRONG if one["place"] in full else WELL, text)


def _upkeep_facts(
    upkeep: Mapping[UpkeepTask, UpkeepStands | None], wrong: set[str], language: Language
) -> Iterator[Fact]:
    for task, found in upkeep.items():
        if found is not None or task.value in wrong:
            done = None if found is None else found.done
            moment = word("status_never", language) if done is None else moment_text(done, language)
            yield Fact(WRONG if task.value in wrong else WELL, word(f"status_{task.value}", language, moment=moment))


def void_text(void: VoidYes, language: Language) -> str:
    """Whose yes no longer counts, and why."""
    by, count = ", ".join(void.by), void.added
    text = word("approval_added", language, run=void.run, by=by, count=count)
    beside = [f"{word(harm, language)} {number}" for harm, number in void.beside.items()]
    return text + (f" ({', '.join(beside)})" if beside else "")

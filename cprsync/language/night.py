"""Shows a night's report as text. Takes the JSON document, so that text and JSON cannot differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cprsync.domain.deciding.approval import PLAN_SHOWN
from cprsync.domain.netmedia.drift import Drift
from cprsync.domain.policy.policy import DEFAULT_LIMITS, Harm
from cprsync.errors import NightBraked
from cprsync.language.errors import failure_words, in_danish
from cprsync.language.netmedia import cards_text
from cprsync.language.words import DAY_WIDTH, day_text, ended_text, reason_words, word
from cprsync.services.night.calendar import TURNS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cprsync.catalogues import Language
    from cprsync.services.ports.runs import ListedRun

#: The ways in which an account may have drifted.
DRIFTS = tuple(drift.value for drift in Drift)
#: The kind of the error if the audit fails its check.
AUDIT_BROKEN = "audit.broken"
OUTCOMES = ("applied", "unchanged", "parked", "not_ours", "held")


def report_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """The report, line by line. Leaves out parts in which nothing happened."""
    yield _title_line(document, language)
    if document["clock_behind"]:
        yield "  " + word("clock_behind", language, day=day_text(document["clock_behind"], language))
    if document["clock_unchecked"]:
        yield "  " + word("clock_unchecked", language)
    if document["state"] == "nothing" and not document["deliveries"] and "error" not in document:
        yield "  " + word("nothing", language)
    for delivery in document["deliveries"]:
        yield _delivery_line(delivery, language, taken=_taken_key(document))
    if any(delivery["outcome"] == "applied" for delivery in document["deliveries"]):
        yield "  " + _balance_line(document, language)
    if document["actions"]:
        yield f"  {word('changes', language)}: {_counts_text(document['actions'], language)}"
    happened = {kind: count for kind, count in document["calendar"].items() if kind != "days"}
    if happened:
        yield f"  {word('calendar', language)}: {_counts_text(happened, language)}"
    if document["forgotten"]:
        yield f"  {word('forgotten', language)}: {forgotten_text(document['forgotten'], language)}"
    if document["reasons"]:
        yield f"  {word('reasons', language)}: {_reasons_text(document['reasons'], language)}"
    yield from ("  " + line for line in undo_lines(document, language))
    yield from _around_lines(document, language)
    yield from _stopped_lines(document, language)


def _title_line(document: Mapping[str, Any], language: Language) -> str:
    run = word("only_planned" if document["run"] is None else "run", language, run=document["run"])
    day = day_text(document["day"], language)
    return f"{word('night', language, day=day)} · {run} · {document['agency']}"


def _taken_key(document: Mapping[str, Any]) -> str:
    """The key of what became of the deliveries in chain.

    A plan takes none, and a night stopped by a limit keeps none.
    """
    if document["state"] == "planned":
        return "would_hold" if document["brake"] else "would_take"
    return "held" if document["state"] == "held" else "applied_delivery"


def _delivery_line(delivery: Mapping[str, Any], language: Language, *, taken: str) -> str:
    day, outcome = delivery["produced"], _outcome_text(delivery, language, taken=taken)
    produced = f" ({day_text(day, language)})" if day else ""
    if not delivery["announced"]:
        outcome = word("delivery_unannounced", language, outcome=outcome)
    return f"  {word('delivery', language)} {delivery['file']}{produced}: {outcome}"


def _outcome_text(delivery: Mapping[str, Any], language: Language, *, taken: str) -> str:
    said, outcome = {"applied": taken, "older": "older_delivery"}, delivery["outcome"]
    if delivery["waits"]:
        return word("delivery_waits", language)
    return word(said.get(outcome, outcome), language)


def delivery_outcomes(document: Mapping[str, Any], language: Language) -> list[str]:
    """What became of each delivery of a night."""
    taken = _taken_key(document)
    return [_outcome_text(one, language, taken=taken) for one in document["deliveries"]]


def _balance_line(document: Mapping[str, Any], language: Language) -> str:
    parts = [f"{document[key]} {word(key, language)}" for key in OUTCOMES if document[key]] or ["0"]
    whole = sum(document[key] for key in OUTCOMES) == document["received"]
    verdict = word("adds_up" if whole else "does_not_add_up", language)
    return f"{document['received']} {word('received', language)} = {' + '.join(parts)}  ({verdict})"


def _counts_text(counts: Mapping[str, int], language: Language) -> str:
    return ", ".join(f"{word(kind, language)} {count}" for kind, count in counts.items())


def forgotten_text(counts: Mapping[str, int], language: Language) -> str:
    """What was deleted after its retention period, by kind."""
    return ", ".join(f"{word(f'forgotten.{kind}', language)} {count}" for kind, count in counts.items())


def _reasons_text(counts: Mapping[str, int], language: Language) -> str:
    return ", ".join(f"{reason_words(reason, language)} {count}" for reason, count in counts.items())


def _subscription_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    subscriptions = document["subscriptions"]
    if subscriptions["added"]:
        total = subscriptions["added"] + subscriptions["kept"]
        yield word("subscribed", language, added=subscriptions["added"], total=total)
    ended = subscriptions["ended"]
    if ended:
        yield word("subscriptions_ended", language, **subscriptions)
    # what the night ended is removed by it too: the same number says nothing more
    if subscriptions["removed"] not in {0, ended}:
        yield word("subscriptions_removed", language, **subscriptions)
    if subscriptions["unknown"]:
        yield word("subscriptions_unknown", language, count=subscriptions["unknown"])
    if undecided := document["reasons"].get("subscription.unknown"):
        yield word("subscriptions_undecided", language, count=undecided)


def account_lines(counts: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What drifted in CULR, and what a limit left unrepaired."""
    drifted = {name: counts[name] for name in (*DRIFTS, "repaired") if counts.get(name)}
    if drifted:
        drifts = ", ".join(f"{word(f'accounts_{name}', language)} {count}" for name, count in drifted.items())
        yield f"{word('accounts_drifted', language)}: {drifts}"
    if classes := counts.get("brake"):
        yield word("accounts_braked", language)
        yield from (f"  {_class_text(entry, language)}" for entry in classes)
        keys = ", ".join(_limit_text(entry, language) for entry in classes)
        yield "  " + word("accounts_raise", language, keys=keys)


def _class_text(entry: Mapping[str, Any], language: Language) -> str:
    what = word(entry["class"], language)
    return word("brake_class", language, what=what, count=entry["count"], limit=entry["limit"])


def _around_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    yield from ("  " + line for line in _subscription_lines(document, language))
    leaving = document["leaving"]
    if leaving["closed"] or leaving["asked"]:
        yield "  " + word("leaving", language, **leaving)
    if leaving["again"]:
        yield "  " + word("erased_again", language, **leaving)
    yield from ("  " + line for line in net_media_lines(document, language))
    yield from ("  " + line for line in audit_lines(document["audit"], language))
    yield from _windows_lines(document, language)
    if document["sealed_by_silence"]:
        yield "  " + word("sealed_by_silence", language, count=document["sealed_by_silence"])
    if document["overrides"]["in_force"]:
        yield "  " + word("overrides", language, **document["overrides"])
    if document["left_to_a_person"]:
        yield "  " + word("left", language, left=document["left_to_a_person"])
    if waiting := document["reviews"]["waiting"]:
        yield "  " + word("reviews", language, waiting=waiting)


def _windows_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    windows = document["windows"]
    if windows["asked"]:
        yield "  " + word("windows_asked", language, **windows)
    yield from ("  " + line for line in window_lines(windows, language))
    if windows["brake"]:
        yield "  " + word("windows_brake_next", language, left=windows["left"])


def net_media_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What became of rights to net media, and what their services were told."""
    for product, counts in document["entitlements"].items():
        turned = [word(f"night_{turn}", language, count=counts[turn]) for turn in TURNS if counts[turn]]
        if not turned and not counts["waiting"]:
            continue
        turned.append(word("night_unchanged", language, count=counts["unchanged"]))
        waits = word("night_untold", language, count=counts["waiting"]) if counts["waiting"] else ""
        title = document["products"].get(product, {}).get(language, product)
        yield word("night_rights", language, product=title, turned=", ".join(turned) + waits)
    yield from account_lines(document["net_media"], language)
    cards = document["cards"]
    if cards is not None and (cards["told"] or cards["left"] or cards["stays"]):
        yield cards_text(cards, language)
    published = document["published"]
    if published["sent"]:
        yield word("told", language, sent=published["sent"])
    if published["waiting"]:
        waits = "waiting" if published["set_up"] else "waiting_unset"
        yield word(waits, language, waiting=published["waiting"])
    if published["failed"]:
        yield word("not_taken", language, failed=published["failed"])
    for target in document["targets"]:
        yield from target_lines(target, language)


def target_lines(target: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What another system was told, and what it must still be told."""
    sent, written = target["sent"], target["written"]
    for what in ("sent", "waiting", "failed", "stopped"):
        if target[what]:
            key = "target_sent_idle" if what == "sent" and written < sent else f"target_{what}"
            values = {what: target[what], "written": written, "idle": sent - written}
            yield word(key, language, name=target["name"], **values)


def audit_lines(audit: Mapping[str, Any] | None, language: Language) -> Iterator[str]:
    """Whether the audit passes its check, and every problem."""
    if audit is None:
        return
    whole = "audit_whole_since" if audit["accepted"] else "audit_whole"
    yield word(whole if audit["whole"] else "audit_broken", language, count=audit["entries"], code=audit["code"])
    for problem in audit["problems"]:
        yield "  " + (in_danish(problem) if language == "da" else problem["message"])


def _stopped_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    brake = document["brake"]
    planned = document["state"] == "planned"
    if brake is not None:
        yield "  " + word("would_brake" if planned else "brake", language)
        yield from ("    " + _class_text(entry, language) for entry in brake["classes"])
        yield from ("    " + line for line in brake_lines(document, language))
    if approval := document["approval"]:
        yield from ("  " + line for line in approval_lines(document, approval, language))
    if document["let_through"]:
        through = word("would_let_through" if planned else "let_through", language)
        yield f"  {through}: {_counts_text(document['let_through'], language)}"
    yield from (f"  {line}" for line in stop_lines(document, language))


def stop_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """Why the night stopped. Leaves out what is shown above already, by class or by entry."""
    if "error" in document and document["error"]["kind"] not in {NightBraked.kind, AUDIT_BROKEN}:
        # an error of CULR stops nothing, because the night is done by then
        what = "unheard" if document["error"]["kind"].startswith("netmedia.") else "stopped"
        yield f"{word(what, language)}: {failure_words(document['error'], language)['message']}"


def approval_lines(document: Mapping[str, Any], approval: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What became of an approval: this night wrote the plan, or why it did not, and what is new."""
    fate = "planned" if approval["fate"] == "applied" and document["run"] is None else approval["fate"]
    by = ", ".join(approval["by"])
    plan = (document["brake"] or {"plan": ""})["plan"][:PLAN_SHOWN]
    values = {"run": approval["run"], "by": by, "count": approval["added"], "plan": plan}
    yield word(f"approval_{fate}", language, **values)
    if fate == "ran_out" and (approval["added"] or approval["beside"]):
        yield word("approval_added_too", language, **values)
    for row in document["plan"]:
        if row.get("new"):
            said = _actions_text(row["actions"], language)
            yield "  " + word("approval_new", language, patron=row["patron"], actions=said)
    for harm, count in approval["beside"].items():
        yield "  " + word("approval_beside", language, what=word(harm, language), count=count)


def undo_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What a run has undone, and which run has undone this one."""
    if counts := document.get("reverting"):
        undone, by = document["reverts"], document["run"]
        if document.get("state") == "held":
            yield word("revert_held", language, run=undone)
        else:
            yield word("revert_done", language, run=undone, by=by, count=counts["restored"])
            yield from reverting_lines(counts, language)
    if document.get("reverted_by"):
        yield word("reverted_by", language, run=document["reverted_by"])


def reverting_lines(counts: Mapping[str, Any], language: Language) -> Iterator[str]:
    """What an undo leaves: protections that stay, patrons whose records stay as they are, and patrons who left."""
    if counts["protected"]:
        yield word("revert_protected", language, count=counts["protected"])
    for why, count in counts["left"].items():
        yield word(f"revert_left_{why}", language, count=count)
    if counts["gone"]:
        yield word("revert_gone", language, count=counts["gone"])


def brake_lines(document: Mapping[str, Any], language: Language, *, on_page: bool = False) -> Iterator[str]:
    """What to do about a night that a limit has stopped, with the limits' keys in `policy.toml`; or about an undo.

    `on_page`: the plan, and where it is approved, stand below these lines.
    """
    run, brake = document["run"], document["brake"]
    classes: Sequence[Mapping[str, Any]] = brake["classes"]
    yield word("brake_look_here" if on_page else "brake_planned" if run is None else "brake_look", language, run=run)
    if (undone := document.get("reverts")) is not None:
        # no file is wrong, and no `sync` writes it
        yield word("brake_approve_here" if on_page else "brake_approve_undo", language, plan=brake["plan"], run=undone)
        return
    yield word("brake_wrong", language)
    if on_page:
        yield word("brake_approve_here", language)
    elif run is not None:
        yield word("brake_approve", language, plan=brake["plan"])
    yield word("brake_raise", language, keys=", ".join(_limit_text(entry, language) for entry in classes))
    if any(entry["class"] == Harm.UNSUBSCRIBED.value and entry["limit"] == 0 for entry in classes):
        yield word("brake_empty_list", language)


def _limit_text(entry: Mapping[str, Any], language: Language) -> str:
    capped = DEFAULT_LIMITS[Harm(entry["class"])].ceiling is not None
    return word("brake_ceiling" if capped else "brake_key", language, name=entry["class"], count=entry["count"])


def window_lines(document: Mapping[str, Any], language: Language) -> Iterator[str]:
    """How many are still in a window, why, and what a limit has held back. Also used in a night's report."""
    if document["left"]:
        why = ", ".join(f"{word(f'window_{name}', language)} {count}" for name, count in document["why"].items())
        yield word("windows_left", language, left=document["left"], why=why)
    for entry in document["brake"]:
        what = word(entry["class"], language)
        yield word("windows_brake", language, what=what, count=entry["count"], limit=entry["limit"])


#: The run that this one undoes, and the one that undid it.


def run_line(run: ListedRun, language: Language) -> str:
    """One night of the list: its state, the counts of its numbers, what it left to staff, and how it ended."""
    # the stored state of an unfinished run is only for programs
    state = word(f"state_{run.state if run.finished else 'open'}", language)
    counts = {
        "received": run.received or 0,
        # an undo has no delivery
        "applied": (run.applied or 0) + (run.restored or 0),
        "held": run.held or 0,
        # a parked line without a number has no review, and a proposal has no line
        "left_by_run": max(sum((run.reasons or {}).values()), (run.parked or 0) + (run.left_to_a_person or 0)),
    }
    balance = "  ".join(f"{word(key, language)} {count}" for key, count in counts.items())
    ended = ended_text(run.exit, run.error, language) if run.finished else "–"
    beside = (("run_reverts", run.reverts), ("run_reverted_by", run.reverted_by))
    undoing = "".join(f"; {word(key, language, run=other)}" for key, other in beside if other)
    return f"{run.run:>5}  {day_text(run.day, language):<{DAY_WIDTH}}  {state:<13}  {balance}  {ended}{undoing}"


def item_line(item: Mapping[str, Any], planned: Sequence[str], language: Language) -> str:
    """One number of a night: what was done. If it was held: what is planned, and what was let through."""
    said = actions = _actions_text(item["actions"], language)
    if item["outcome"] == "held":
        through = f"{word('let_through', language)}: {actions}" if actions else ""
        said = "; ".join(filter(None, (_actions_text(planned, language), through)))
    reason = f"({reason_words(item['reason'], language)})" if item["reason"] else ""
    parts = (f"    {item['person']:>4}  {item['patron'] or '–':<8} ", word(item["outcome"], language), said, reason)
    return " ".join(filter(None, parts))


def _actions_text(actions: Sequence[str], language: Language) -> str:
    return ", ".join(word(action, language) for action in actions)


def run_lines(document: dict[str, Any], items: Sequence[Mapping[str, Any]], language: Language) -> Iterator[str]:
    """The report, and each of its numbers, counted again from the stored items."""
    if "sentence" in document.get("error", {}):
        document["error"]["da"] = {"message": in_danish(document["error"])}
    yield from report_lines(document, language)
    planned = {row["patron"]: row["actions"] for row in document["plan"]}
    if document["received"] and not items:
        yield f"    {word('lines_forgotten', language)}"
    for item in items:
        yield item_line(item, planned.get(item["patron"], ()), language)

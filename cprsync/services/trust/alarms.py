"""Checks what is wrong, decides what to tell, and tells it. What cannot be told is tried again later."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from cprsync.documents import document_of
from cprsync.domain.feed.delivery import COPENHAGEN
from cprsync.domain.trust.alarms import LookedAt, count_waiting, weigh
from cprsync.errors import CprsyncError
from cprsync.services.ports.runs import moment_document
from cprsync.services.trust.status import ALARMS, NOT_SHOWN, find_undelivered

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from cprsync.domain.trust.alarms import Alarm, Manner
    from cprsync.services.ports.trust.alarms import AlarmChannel, AlarmLog


@dataclass(frozen=True, slots=True)
class LibraryLook:
    """What a look at a library has found: what is wrong, and the certificates as `status` has them."""

    wrong: Sequence[Mapping[str, Any]] = ()
    certificates: Sequence[Mapping[str, Any]] = ()


def check_alarms(
    log: AlarmLog, seen: LibraryLook, channels: Sequence[AlarmChannel], manner: Manner, now: datetime
) -> dict[str, int]:
    """Weigh what was seen, and tell what is to be told. Returns how much was told, and how much was not.

    `waiting`: what waits for the end of the quiet hours.
    """
    problems = [one for one in seen.wrong if one["what"] != ALARMS]
    hidden = {one["host"] for one in seen.certificates if one["level"] == NOT_SHOWN}

    at = LookedAt(now, now.astimezone(COPENHAGEN).time())

    def is_unseen(alarm: Alarm) -> bool:
        return alarm.values.get("host") in hidden

    log.weigh(lambda known: weigh(known, problems, manner, at, unseen=is_unseen), [one.name for one in channels])
    return deliver(log, channels) | {"waiting": count_waiting(log.standing(), manner, at)}


def deliver(log: AlarmLog, channels: Iterable[AlarmChannel]) -> dict[str, int]:
    """Tell what is to be told, together on each channel. One that fails holds up no other."""
    counts = {"told": 0, "failed": 0}
    for channel in channels:
        messages = log.take(channel.name)
        if not messages:
            continue
        why = _try(partial(channel.send, messages))
        log.note(messages, why)
        counts["told" if why is None else "failed"] += len(messages)
    return counts


def _try(send: Any) -> str | None:
    try:
        send()
    except CprsyncError as error:
        return error.kind
    return None


def list_alarms(log: AlarmLog, channels: Sequence[str]) -> dict[str, Any]:
    """The JSON shape of `alarms list`. `channels`: those that are set up.

    `told` is when it last arrived on one of them: an alarm notes only when it was handed to all.
    """
    arrived = log.arrived()
    return {
        "alarms": [
            {
                "cause": one.cause,
                "what": one.what,
                "values": dict(one.values),
                "urgency": one.rule.urgency.value,
                "since": moment_document(one.since),
                "told": moment_document(arrived.get(one.cause)),
                "gone": moment_document(one.gone),
            }
            for one in log.standing()
            if not one.values.get("within")
        ],
        "undelivered": [document_of(one) for one in find_undelivered(log, channels)],
    }

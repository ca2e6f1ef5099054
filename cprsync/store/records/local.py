"""Encode and decode the bytes of the local part, which patron and staff own. The register's part is in `codec`."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from cprsync.domain.patron.local import Absence, Block, Card, Email, Local, Telephone, card_key, still_marked


def encode_local(local: Local) -> bytes:
    """Write the local part as JSON with sorted keys. Equal records give equal bytes."""
    document = asdict(local)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=_day).encode()


def decode_local(written: bytes) -> Local:
    """Read the local part exactly as it was written."""
    document: dict[str, Any] = json.loads(written)
    absence = document.pop("absence")
    return Local(
        cards=tuple(Card(**card) for card in document.pop("cards")),
        contact_lines=tuple(document.pop("contact_lines")),
        telephones=tuple(Telephone(**telephone) for telephone in document.pop("telephones")),
        emails=tuple(Email(**email) for email in document.pop("emails")),
        absence=None if absence is None else Absence(_date(absence["since"]), _maybe_date(absence["until"])),
        blocks=tuple(_block(**block) for block in document.pop("blocks")),
        **document,
    )


def joined(stored: Local, given: Local) -> Local:
    """Return the stored local part with an import's values: given fields replace, cards and blocks are added."""
    held = {card_key(card.number): card for card in stored.cards}
    # a known card keeps its PIN unless the import gives a new one
    told = {card_key(card.number): card for card in given.cards}
    cards = {key: card for key, card in told.items() if card.pin_hash or key not in held}
    blank = Local(language="")
    changed = {name: value for name in _FIELDS if (value := getattr(given, name)) != getattr(blank, name)}
    if "telephones" in changed:
        changed["telephones"] = still_marked(stored.telephones, given.telephones)
    if "emails" in changed:
        changed["emails"] = still_marked(stored.emails, given.emails)
    changed["cards"] = tuple((held | cards).values())
    changed["blocks"] = (*stored.blocks, *(block for block in given.blocks if not _is_there(stored, block)))
    return replace(stored, **changed)


_FIELDS = tuple(name for name in Local.__dataclass_fields__ if name not in {"cards", "blocks"})


def _is_there(stored: Local, given: Block) -> bool:
    """Return whether the list repeats a stored block: it is in force, or was lifted and began on the same day."""
    return any(
        block.reason == given.reason and (block.lifted is None or block.since == given.since) for block in stored.blocks
    )


def _day(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError("a field of the record has no written form")


def _block(since: str, reason: str, lifted: str | None = None) -> Block:
    # records from before blocks could be lifted have no day of lifting
    return Block(_date(since), reason, _maybe_date(lifted))


def _date(text: str) -> date:
    return date.fromisoformat(text)


def _maybe_date(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)

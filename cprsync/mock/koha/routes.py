"""What Koha answers about patrons and their extended attributes: list, show, add, replace, change and delete them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from cprsync.mock.koha import fields
from cprsync.mock.koha.holdings import KohaWrite
from cprsync.mock.koha.query import QueryRefused
from cprsync.mock.koha.searching import QUERY_HEADER, SearchRefused, parse_search
from cprsync.mock.koha.writing import (
    KohaRefused,
    decide_attributes,
    decide_creation,
    decide_replacement,
    parse_pairs,
    refuse_deletion,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.mock.koha.holdings import Pairs
    from cprsync.mock.koha.patrons import KohaAttribute, KohaPatron
    from cprsync.mock.koha.state import Koha


KOHA_PATH: Final = "/api/v1"


@dataclass(frozen=True, slots=True, repr=False)
class KohaRequest:
    """One request. Header names are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    #: the ids in the path
    ids: tuple[int, ...] = ()
    client: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class KohaAnswer:
    """What Koha answers. No document: an answer without a body."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Malformed(Exception):
    """A request that is not of the described form."""

    def __init__(self, mistakes: fields.Mistakes) -> None:
        super().__init__("malformed")
        self.mistakes = mistakes


def read_body(request: KohaRequest, find_mistakes: Callable[[Any], fields.Mistakes]) -> Any:
    """The body's document. Raises Malformed."""
    try:
        document = json.loads(request.body)
        # half of a surrogate pair is JSON, and no text that could be stored
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Malformed([{"message": "Malformed JSON.", "path": "/body"}]) from None
    if mistakes := find_mistakes(document):
        raise Malformed(mistakes)
    return document


def read_embeds(request: KohaRequest) -> frozenset[str]:
    """The names of what is embedded. Raises KohaRefused: a word is unknown."""
    words = [word.strip() for word in request.headers.get("x-koha-embed", "").split(",") if word.strip()]
    if any(word not in fields.EMBEDS for word in words):
        raise KohaRefused(400, "Embedding objects is not allowed on this endpoint.")
    return frozenset(fields.EMBEDS[word] for word in words)


def find_patron(koha: Koha, request: KohaRequest) -> KohaPatron:
    """The patron of the path. Raises KohaRefused: there is none."""
    patron = koha.patrons.find(request.ids[0])
    if patron is None:
        raise KohaRefused(404, "Patron not found", error_code="not_found")
    return patron


# -- patrons ---------------------------------------------------------------------------------------------------


def list_patrons(koha: Koha, request: KohaRequest) -> KohaAnswer:
    embeds = read_embeds(request)
    try:
        search = parse_search(
            parse_qsl(request.query, keep_blank_values=True), request.headers.get(QUERY_HEADER), request.body
        )
    except SearchRefused as refused:
        raise Malformed([{"message": refused.message, "path": f"/{refused.name}"}]) from None
    except QueryRefused as refused:
        raise KohaRefused(400, f"The query cannot be read: {refused}", error_code="invalid_query") from None
    page, total = search.find(koha.patrons)
    answer = KohaAnswer(
        200,
        [_show(koha, patron, embeds) for patron in page],
        {"X-Total-Count": str(total), "X-Base-Total-Count": str(len(koha.patrons))},
    )
    koha.note_read(page)
    return answer


def show_patron(koha: Koha, request: KohaRequest) -> KohaAnswer:
    patron = find_patron(koha, request)
    answer = KohaAnswer(200, _show(koha, patron, read_embeds(request)))
    koha.note_read([patron])
    return answer


def add_patron(koha: Koha, request: KohaRequest) -> KohaAnswer:
    body, embeds = read_body(request, fields.find_mistakes), read_embeds(request)
    is_confirmed = request.headers.get("x-confirm-not-duplicate", "").strip() in {"1", "true"}
    overrides = {word.strip() for word in request.headers.get("x-koha-override", "").split(",")}
    change = decide_creation(koha, body, is_confirmed=is_confirmed)
    welcomes = koha.setup.welcome_letters and "welcome_no" not in overrides
    created = koha.creation(change, by=request.client, welcomes=welcomes)
    koha.write([created])
    patron = koha.patrons.find(created["patron"])
    assert patron is not None  # noqa: S101 -- it was written a line above
    return KohaAnswer(201, _show(koha, patron, embeds), {"Location": f"{KOHA_PATH}/patrons/{patron.patron_id}"})


def replace_patron(koha: Koha, request: KohaRequest) -> KohaAnswer:
    body, embeds = read_body(request, fields.find_mistakes), read_embeds(request)
    koha.note_write(request.ids[0])
    patron = find_patron(koha, request)
    change = decide_replacement(koha, patron, body)
    if change.is_empty:
        return KohaAnswer(204)
    koha.write([koha.revision(patron, change, by=request.client)])
    return KohaAnswer(200, _show(koha, patron, embeds))


def delete_patron(koha: Koha, request: KohaRequest) -> KohaAnswer:
    koha.note_write(request.ids[0])
    patron = find_patron(koha, request)
    refuse_deletion(patron)
    koha.write([koha.removal(patron, by=request.client)])
    return KohaAnswer(204)


def _show(koha: Koha, patron: KohaPatron, embeds: frozenset[str]) -> fields.Row:
    row = patron.row()
    if embeds:
        hidden, library = patron.hidden, row["library_id"]
        shown: fields.Row = {
            fields.ATTRIBUTES: [one.document() for one in patron.attributes],
            "library": {"library_id": library, "name": koha.setup.libraries.get(library)},
            "account_balance": hidden.get("debt", 0),
            "checkouts_count": hidden.get("checkouts", 0),
            "overdues_count": hidden.get("overdues", 0),
            "_strings": {"library_id": {"type": "library", "str": koha.setup.libraries.get(library)}},
        }
        row |= {name: shown[name] for name in embeds}
    return row


# -- extended attributes ---------------------------------------------------------------------------------------


def list_attributes(koha: Koha, request: KohaRequest) -> KohaAnswer:
    patron = find_patron(koha, request)
    answer = KohaAnswer(200, [one.document() for one in patron.attributes])
    koha.note_read([patron])
    return answer


def replace_attributes(koha: Koha, request: KohaRequest) -> KohaAnswer:
    body = read_body(request, fields.find_attribute_mistakes)
    patron = _write(koha, request, lambda _: parse_pairs(body))
    return KohaAnswer(200, [one.document() for one in patron.attributes])


def add_attribute(koha: Koha, request: KohaRequest) -> KohaAnswer:
    body = read_body(request, lambda body: fields.find_attribute_mistakes([body]))
    patron = _write(koha, request, lambda patron: patron.pairs() + parse_pairs([body]))
    added = patron.attributes[-1]
    place = f"{KOHA_PATH}/patrons/{patron.patron_id}/{fields.ATTRIBUTES}/{added.ordinal}"
    return KohaAnswer(201, added.document(), {"Location": place})


def change_attribute(koha: Koha, request: KohaRequest) -> KohaAnswer:
    value = read_body(request, _find_value_mistakes)["value"]

    def change(patron: KohaPatron) -> Pairs:
        meant = _find_attribute(patron, request)
        return [(one.code, value if one is meant else one.value) for one in patron.attributes]

    patron = _write(koha, request, change)
    return KohaAnswer(200, _find_attribute(patron, request).document())


def delete_attribute(koha: Koha, request: KohaRequest) -> KohaAnswer:
    def change(patron: KohaPatron) -> Pairs:
        meant = _find_attribute(patron, request)
        return [(one.code, one.value) for one in patron.attributes if one is not meant]

    _write(koha, request, change)
    return KohaAnswer(204)


def _write(koha: Koha, request: KohaRequest, change: Callable[[KohaPatron], Pairs]) -> KohaPatron:
    """Store all attributes as they are after a change. Raises KohaRefused."""
    koha.note_write(request.ids[0])
    patron = find_patron(koha, request)
    pairs = decide_attributes(koha, patron, change(patron))
    if pairs is not None:
        koha.write([koha.revision(patron, KohaWrite({}, pairs), by=request.client)])
    return patron


def _find_attribute(patron: KohaPatron, request: KohaRequest) -> KohaAttribute:
    found = next((one for one in patron.attributes if one.ordinal == request.ids[1]), None)
    if found is None:
        raise KohaRefused(404, "Attribute not found", error_code="not_found")
    return found


def _find_value_mistakes(body: Any) -> fields.Mistakes:
    is_value = isinstance(body, dict) and body.keys() == {"value"} and isinstance(body["value"], str)
    return [] if is_value else [{"message": "Expected value.", "path": "/body"}]

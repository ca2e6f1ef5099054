"""What the mock's control does in Koha: patrons to begin with, other writers, the setup, and the dump.

A patron is named by a key of the people file, through the attribute that holds their number, or by `patron`, the id in
Koha. Everything here is checked whole before anything is written.
"""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cprsync.errors import BadInput
from cprsync.mock.koha import fields
from cprsync.mock.koha.holdings import KohaWrite
from cprsync.mock.koha.others import (
    HIDDEN,
    NOW,
    STAFF,
    StaffEdit,
    check_edit,
    make_edit,
    run_age_job,
)
from cprsync.mock.koha.patrons import find_doubled
from cprsync.mock.koha.setup import age_on, parse_setup
from cprsync.mock.koha.writing import own_values, parse_pairs, refuse_unknown_codes
from cprsync.mock.town.faults import KOHA_KINDS, SECONDS_MAX, read_fault
from cprsync.mock.town.people import no_such_person

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cprsync.mock.koha.patrons import KohaPatron, Written
    from cprsync.mock.koha.state import Koha
    from cprsync.mock.town.people import TownAddress, TownPerson
    from cprsync.mock.town.register import TownRegister

Document: TypeAlias = dict[str, Any]
#: How many patrons one answer of the control has.
PAGE_MAX: Final = 1_000
#: How many changes one has. The journal is read from its beginning each time.
LOG_MAX: Final = 20_000
#: The cards of the people who are brought in count from here.
_CARDS: Final = 2_900_000_000
#: In a patron to begin with, beside the API's fields: what no API shows.
_ASIDE: Final = "hidden"


def _bad(message: str) -> BadInput:
    return BadInput(message, kind="mock.koha")


# -- what is there ---------------------------------------------------------------------------------------------


def _show(koha: Koha, register: TownRegister, asked: Mapping[str, Any]) -> Document:
    after, limit = _whole(asked, "after", 0), _whole(asked, "limit", PAGE_MAX, most=PAGE_MAX)
    keys = {person.number: key for key, person in register.people.items()}
    found = [patron for patron in koha.patrons if patron.patron_id > after][: limit + 1]
    page = found[:limit]
    return {
        "patrons": [_describe(koha, patron, keys) for patron in page],
        "next": page[-1].patron_id if len(found) > limit else None,
        "total": len(koha.patrons),
        "clients": koha.access.dump()["clients"],
        "calls": dict(sorted(koha.calls.items())),
        **koha.dump(),
    }


def _describe(koha: Koha, patron: KohaPatron, keys: Mapping[str, str]) -> Document:
    """A patron as the API shows them, with their attributes, their key in the people file, and what no API shows."""
    numbers = [value for code, value in patron.pairs() if code == koha.setup.number_attribute]
    return {
        **patron.row(),
        fields.ATTRIBUTES: [one.document() for one in patron.attributes],
        "who": next((keys[number] for number in numbers if number in keys), None),
        _ASIDE: dict(patron.hidden),
    }


def _log(koha: Koha, _register: TownRegister, asked: Mapping[str, Any]) -> Document:
    after, limit = _whole(asked, "after", 0), _whole(asked, "limit", LOG_MAX, most=LOG_MAX)
    changes = koha.patrons.read_log(after=after, limit=limit + 1)
    page = changes[:limit]
    return {"changes": page, "next": page[-1]["n"] if len(changes) > limit else None}


def _whole(asked: Mapping[str, Any], name: str, default: int, *, most: int | None = None) -> int:
    value = asked.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0 or (most is not None and value > most):
        raise _bad(f"{name} is a whole number" if most is None else f"{name} is 0 to {most}")
    return value


# -- patrons to begin with -------------------------------------------------------------------------------------


def _seed(koha: Koha, register: TownRegister, asked: Mapping[str, Any]) -> Document:
    rows = asked.get("patrons")
    if rows is None:
        new = [person for person in _chosen(register, asked.get("who")) if not _patrons_of(koha, person)]
        rows = [_row_of(koha, person, card=koha.patrons.last_id + n) for n, person in enumerate(new, start=1)]
    if not isinstance(rows, list) or len(rows) > PAGE_MAX:
        raise _bad(f"patrons is an array of at most {PAGE_MAX}")
    for name in fields.UNIQUE:
        values = [row.get(name) for row in rows if isinstance(row, dict)]
        if find_doubled(str(value).casefold() for value in values if value):
            raise _bad(f"two of the patrons have one {name}")
    changes = [_read_row(koha, row) for row in rows]
    created = [koha.creation(change, by=STAFF) for change in changes]
    koha.write(created)
    return {"created": [one["patron"] for one in created], "total": len(koha.patrons)}


def _read_row(koha: Koha, row: Any) -> KohaWrite:
    """A patron to begin with. Two of them may have one unique attribute, as in a Koha that made it unique later."""
    if not isinstance(row, dict):
        raise _bad("a patron is an object")
    hidden = row.get(_ASIDE, {})
    body = {name: value for name, value in row.items() if name not in {_ASIDE, "who", *fields.READ_ONLY}}
    if mistakes := fields.find_mistakes(body):
        raise _bad(f"a patron is not valid at {mistakes[0]['path']}: {mistakes[0]['message']}")
    if not isinstance(hidden, dict) or hidden.keys() - HIDDEN:
        raise _bad(f"hidden has {', '.join(sorted(HIDDEN))}")
    values, pairs = own_values(body), parse_pairs(body.get(fields.ATTRIBUTES, []))
    refuse_unknown_codes(koha, values, [code for code, _ in pairs], owner=None)
    values = {name: value for name, value in values.items() if value != fields.BLANK[name]}
    return KohaWrite(values, pairs, dict(hidden))


def _chosen(register: TownRegister, who: Any) -> list[TownPerson]:
    """The people with these keys. Without keys: everybody who lives somewhere."""
    if who is None:
        return [one for one in register.people.values() if one.lives_somewhere and not one.unborn]
    keys = [str(key) for key in who] if isinstance(who, list) else [""]
    if any(key not in register.people for key in keys):
        raise no_such_person(register.people, kind="mock.koha")
    return [register.people[key] for key in keys]


def _patrons_of(koha: Koha, person: TownPerson) -> list[KohaPatron]:
    return koha.patrons.with_attribute(koha.setup.number_attribute, person.number)


def _row_of(koha: Koha, person: TownPerson, *, card: int) -> fields.Row:
    """A person as a library has written them down by hand. An address is there, whether it is protected or not."""
    setup, name = koha.setup, person.name
    born = _date_or_none(person.born)
    category = None if born is None else setup.category_of_age(age_on(born, koha.day()))
    pairs = [(setup.number_attribute, person.number)]
    if person.address is not None:
        pairs.append((setup.municipality_attribute, person.address.municipality))
    return {
        "cardnumber": f"{_CARDS + card}",
        "surname": name.last or name.addressing or "-",
        "firstname": " ".join(part for part in (name.first, name.middle) if part) or None,
        "date_of_birth": None if born is None else born.isoformat(),
        "library_id": next(iter(setup.libraries)),
        "category_id": category or next(iter(setup.categories)),
        **({} if person.address is None else _address_of(person.address)),
        fields.ATTRIBUTES: [{"type": code, "value": value} for code, value in pairs if code in setup.attribute_types],
    }


def _address_of(address: TownAddress) -> fields.Row:
    """An address as people write it."""
    door = " ".join(part.lstrip("0").lower() for part in (address.floor, address.door) if part)
    return {
        "address": f"{address.road} {address.house.lstrip('0')}".strip() + (f", {door}" if door else ""),
        "address2": f"c/o {address.co}" if address.co else None,
        "postal_code": address.postcode or None,
        "city": address.district or None,
    }


def _date_or_none(text: str) -> date | None:
    """A day. None: it is no date, as a day that the register is not sure of may be."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# -- other writers ---------------------------------------------------------------------------------------------


def _edit(koha: Koha, register: TownRegister, asked: Mapping[str, Any]) -> Document:
    patron = _patron(koha, register, asked)
    wanted = ("set", "attributes", "hidden")
    tables = {name: {} if asked.get(name) is None else asked[name] for name in wanted}
    if not all(isinstance(table, dict) for table in tables.values()):
        raise _bad(f"{', '.join(wanted)} are objects")
    attributes = tables["attributes"]
    if not all(isinstance(values, list) and all(isinstance(v, str) for v in values) for values in attributes.values()):
        raise _bad("attributes has an array of texts for each type")
    edit = StaffEdit(
        patron.patron_id,
        str(asked.get("when", NOW)),
        tables["set"],
        attributes,
        tables["hidden"],
        deletes=asked.get("deletes") is True,
        is_same_second=asked.get("same_second") is True,
        times=_whole(asked, "times", 1),
    )
    check_edit(koha, edit)
    if edit.when == NOW:
        make_edit(koha, edit)
    else:
        koha.script.waiting.append(edit)
        koha.keep()
    return {"patron": edit.patron, "waiting": len(koha.script.waiting)}


def _twin(koha: Koha, register: TownRegister, asked: Mapping[str, Any]) -> Document:
    """A second patron with the same name and attributes, and without a card."""
    patron = _patron(koha, register, asked)
    values = {name: value for name, value in patron.fields.items() if name not in {*fields.UNIQUE, *fields.OWN}}
    created: Written = koha.creation(KohaWrite(values, patron.pairs()), by=STAFF)
    koha.write([created])
    return {"created": [created["patron"]], "total": len(koha.patrons)}


def _patron(koha: Koha, register: TownRegister, asked: Mapping[str, Any]) -> KohaPatron:
    who, patron_id = asked.get("who"), asked.get("patron")
    if who is not None:
        if str(who) not in register.people:
            raise no_such_person(register.people, kind="mock.koha")
        found = _patrons_of(koha, register.people[str(who)])
        patron = found[0] if found else None
    else:
        patron = koha.patrons.find(patron_id) if isinstance(patron_id, int) else None
    if patron is None:
        raise _bad("no such patron in Koha")
    return patron


def _age_job(koha: Koha, _register: TownRegister, asked: Mapping[str, Any]) -> Document:
    on = asked.get("on")
    if on is not None:
        koha.has_age_job = bool(on)
        koha.keep()
    moved = run_age_job(koha, koha.day()) if asked.get("run") is True else 0
    return {"on": koha.has_age_job, "moved": moved}


# -- the setup -------------------------------------------------------------------------------------------------


def _setup(koha: Koha, _register: TownRegister, asked: Mapping[str, Any]) -> Document:
    """Change the tables that are given; `without` takes codes out of whatever table has them."""
    given, without = asked.get("setup") or {}, asked.get("without") or []
    if not isinstance(given, dict) or not isinstance(without, list):
        raise _bad("setup is an object, and without an array")
    document = {**koha.setup.document(), **given}
    for table in ("libraries", "categories", "attribute_types"):
        if isinstance(document[table], dict):
            document[table] = {code: one for code, one in document[table].items() if code not in without}
    koha.setup = parse_setup(document)
    koha.keep()
    return koha.setup.document()


def _client(koha: Koha, _register: TownRegister, asked: Mapping[str, Any]) -> Document:
    permissions = asked.get("permissions")
    if not isinstance(permissions, list):
        raise _bad("permissions is an array")
    path = koha.access.set_client(str(asked.get("client")), [str(one) for one in permissions])
    koha.keep()
    return {"client_id": asked["client"], "secret_file": str(path)}


def _latency(koha: Koha, _register: TownRegister, asked: Mapping[str, Any]) -> Document:
    seconds = asked.get("seconds")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= SECONDS_MAX:
        raise _bad(f"an answer takes 0 to {SECONDS_MAX:.0f} seconds")
    koha.latency = float(seconds)
    koha.keep()
    return {"latency": koha.latency}


Answering: TypeAlias = "Callable[[TownRegister, Mapping[str, Any]], Document]"
_PATHS: Final[Mapping[str, Callable[[Koha, TownRegister, Mapping[str, Any]], Document]]] = {
    "/koha": _show,
    "/koha/log": _log,
    "/koha/seed": _seed,
    "/koha/edit": _edit,
    "/koha/twin": _twin,
    "/koha/age-job": _age_job,
    "/koha/setup": _setup,
    "/koha/client": _client,
    "/koha/latency": _latency,
}


def koha_paths(koha: Koha | None, base: Mapping[str, Answering]) -> dict[str, Answering]:
    """The paths of the control that concern Koha, and those of `base` from which something follows in Koha.

    Without a Koha, each that needs one raises BadInput, kind `mock.koha`.
    """

    def fault(register: TownRegister, asked: Mapping[str, Any]) -> Document:
        if str(asked.get("kind")) not in KOHA_KINDS:
            return base["/fault"](register, asked)
        _served(koha).add_fault(**read_fault(asked))
        return {"faults": _served(koha).faults.dump()}

    own = {path: partial(_carry_out, koha, answer) for path, answer in _PATHS.items()}
    if koha is None:
        return {**own, "/fault": fault}
    following = {"/night": koha.pass_day, "/day": koha.pass_day, "/calm": koha.calm}
    return {**own, "/fault": fault, **{path: partial(_follow, base[path], then) for path, then in following.items()}}


def _carry_out(koha: Koha | None, answer: Any, register: TownRegister, asked: Mapping[str, Any]) -> Document:
    done: Document = answer(_served(koha), register, asked)
    return done


def _follow(answer: Answering, then: Callable[[], None], register: TownRegister, asked: Mapping[str, Any]) -> Document:
    done = answer(register, asked)
    then()
    return done


def _served(koha: Koha | None) -> Koha:
    """The Koha. Raises BadInput: none is served."""
    if koha is None:
        raise _bad("this mock serves no Koha: start it with --koha")
    return koha

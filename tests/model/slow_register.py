"""What the register says: invented people as plain dicts, what may happen to them, and what each source tells of it.

Half of the slow and obvious model. Written from the register's own facts; it imports nothing of the program.
A group that a source calls none is `EMPTY`, one that it says nothing of is `SILENT`.
"""

from __future__ import annotations

from copy import deepcopy
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Dict: TypeAlias = dict[str, Any]

EMPTY, SILENT = "empty", "silent"
GROUPS = ("name", "birth", "status", "address", "protection", "current", "abroad", "contact")
LIVES_SOMEWHERE = ("01", "03", "05", "07")
NUMBER_IS_GONE = ("30", "50", "60")
STREETS = (("1104", "Uglesporet"), ("2231", "Kastanjeløkken"), ("7215", "Frøken Elvers Gade"))
#: Aarhus more often than others, so that some moves stay within the library's municipality.
MUNICIPALITIES = ("0751", "0751", "0461", "0101", "0411")
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)
_PARTS = ("house", "building", "floor", "door", "co", "locality", "town", "postcode", "district", "road")


def invented_number(born: date, serial: int) -> str:
    """A number of nobody: it has the birth date, the century's digit, and fails modulus 11."""
    century = "4" if born.year >= 2000 else "1"
    for last in range(10):
        digits = f"{born:%d%m%y}{century}{serial:02d}{last}"
        if sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True)) % 11:
            return digits
    raise AssertionError("nine of ten numbers fail modulus 11")


def new_person(key: str, born: date | None, serial: int, *, named: bool = True) -> Dict:
    """Someone who lives in Aarhus; `born` None: the register knows no date that is one."""
    first = invented_number(born or date(1950, 6, 7), 10 * serial)
    return {
        "key": key,
        "numbers": [first],
        #: what replaced what: a number that is out of use to the one in use, and the status it has
        "replaced": {},
        "name": full_name(f"Vibe{key.title()}", "Enghave") if named else EMPTY,
        "birth": SILENT if born is None else (born, False),
        "status": "01",
        "address": address("0751", serial),
        "protection": EMPTY,
        "abroad": SILENT,
        "contact": EMPTY,
        #: what comes back when the last step is undone
        "before": None,
        "serial": 10 * serial,
    }


def full_name(first: str, last: str) -> tuple[str, str, str, str]:
    return (f"{first} {last}", first, "", last)


def address(municipality: str, n: int, *, co: str = "", street: str = "") -> Dict:
    code, road = STREETS[n % len(STREETS)]
    parts: Dict = dict.fromkeys(_PARTS, "")
    parts |= {"municipality": municipality, "street_code": street or code, "supplementary": ("",) * 5}
    if municipality.startswith("09"):
        return parts | {"building": f"{3000 + n}", "postcode": "3900", "district": "Nuuk", "road": "Rypelien"}
    parts |= {"house": f"{n % 90 + 1}A", "floor": "st", "door": "th", "co": co, "road": road}
    return parts | {"postcode": "8000", "district": "Aarhus C"}


# -- what happens: each step says whether it could ------------------------------------------------------------


def move(one: Dict, n: int) -> bool:
    if one["status"] not in LIVES_SOMEWHERE:
        return False
    co = "c/o Vestergaard" if n % 3 == 0 else ""
    one |= {"status": "01", "address": address(MUNICIPALITIES[n % len(MUNICIPALITIES)], n, co=co)}
    return True


def change_co(one: Dict, n: int) -> bool:
    """Somebody else's letter box, or her own again: nobody moves."""
    if one["status"] != "01":
        return False
    one["address"] = one["address"] | {"co": "" if one["address"]["co"] else f"c/o Nabo {n}"}
    return True


def rename_street(one: Dict, n: int) -> bool:
    if one["status"] != "01":
        return False
    one["address"] = one["address"] | {"road": f"Nyvej {n}"}
    return True


def rename(one: Dict, n: int) -> bool:
    if one["name"] == EMPTY:
        return False
    one["name"] = full_name(one["name"][1], f"Lyngby{n}")
    return True


def give_name(one: Dict, n: int) -> bool:
    if one["name"] != EMPTY:
        return False
    one["name"] = full_name(f"Liva{n}", "Enghave")
    return True


def protect(one: Dict, _n: int) -> bool:
    changed: bool = one["protection"] == EMPTY
    one["protection"] = "0001"
    return changed


def unprotect(one: Dict, _n: int) -> bool:
    changed: bool = one["protection"] == "0001"
    one["protection"] = EMPTY
    return changed


def _leave(one: Dict, status: str, *, abroad: Any = SILENT) -> bool:
    if one["status"] in {status, "30", "90"}:
        return False
    one["before"] = (one["status"], one["address"], one["abroad"], one["before"])
    one |= {"status": status, "address": SILENT, "abroad": abroad}
    return True


def _undo(one: Dict, status: str) -> bool:
    if one["status"] != status or one["before"] is None:
        return False
    one["status"], one["address"], one["abroad"], one["before"] = one["before"]
    return True


def die(one: Dict, _n: int) -> bool:
    return _leave(one, "90")


def undie(one: Dict, _n: int) -> bool:
    return _undo(one, "90")


def annul(one: Dict, _n: int) -> bool:
    if one["status"] == "90":
        one["before"] = (one["status"], one["address"], one["abroad"], one["before"])
        one |= {"status": "30", "address": SILENT, "abroad": SILENT}
        return True
    return _leave(one, "30")


def restore(one: Dict, _n: int) -> bool:
    return _undo(one, "30")


def vanish(one: Dict, _n: int) -> bool:
    return _leave(one, "70")


def emigrate(one: Dict, n: int) -> bool:
    # now and then the register does not know where to
    return _leave(one, "80", abroad=SILENT if n % 4 == 0 else foreign(n))


def foreign(n: int) -> tuple[str, tuple[str, ...]]:
    return ("5120", (f"Storgatan {n}", "Malmö", "", "", ""))


def come_back(one: Dict, n: int) -> bool:
    return one["status"] == "80" and _settle(one, "01", address("0751", n))


def found(one: Dict, n: int) -> bool:
    return one["status"] == "70" and _settle(one, "01", address("0751", n))


def move_abroad(one: Dict, n: int) -> bool:
    if one["status"] != "80":
        return False
    one["abroad"] = foreign(n)
    return True


def _settle(one: Dict, status: str, where: Dict) -> bool:
    one |= {"status": status, "address": where, "abroad": SILENT, "before": None}
    return True


def _lives(one: Dict) -> bool:
    return one["status"] in {*LIVES_SOMEWHERE, "20"}


def lose_home(one: Dict, n: int) -> bool:
    # now and then the register has her at an ordinary street all the same
    return _lives(one) and _settle(one, "03", address("0751", n, street="9950" if n % 3 else ""))


def go_to_greenland(one: Dict, n: int) -> bool:
    return _lives(one) and _settle(one, "05", address("0956", n))


def lose_home_in_greenland(one: Dict, n: int) -> bool:
    return _lives(one) and _settle(one, "07", address("0956", n, street="9950"))


def come_home(one: Dict, n: int) -> bool:
    return _lives(one) and _settle(one, "01", address("0751", n))


def keep_number_only(one: Dict, n: int) -> bool:
    """Status 20: a number for tax, and no residence; now and then the register has an address all the same."""
    if one["status"] not in LIVES_SOMEWHERE:
        return False
    one |= {"status": "20", "address": SILENT if n % 2 else address("0751", n, street="" if n % 4 else "9950")}
    return True


def change_number(one: Dict, n: int) -> bool:
    if one["status"] == "30":
        return False
    one["serial"] += 1
    born = date(1950, 6, 7) if one["birth"] == SILENT else one["birth"][0]
    one["replaced"][one["numbers"][-1]] = (invented_number(born, one["serial"]), "50" if n % 3 == 0 else "60")
    one["numbers"].append(invented_number(born, one["serial"]))
    return True


def undo_number(one: Dict, _n: int) -> bool:
    """P42: the number given by mistake is out of use again, and points back."""
    if len(one["numbers"]) < 2 or one["status"] == "30":
        return False
    mistaken, right = one["numbers"][-1], one["numbers"][-2]
    del one["replaced"][right]
    one["replaced"][mistaken] = (right, "60")
    one["numbers"].append(right)
    return True


def correct_birth(one: Dict, n: int) -> bool:
    if one["birth"] == SILENT:
        return False
    one["birth"] = (one["birth"][0] + timedelta(days=n % 40 - 20 or 1), n % 5 == 0)
    return True


def set_contact(one: Dict, n: int) -> bool:
    lines = (f"Postboks {n}", "8100 Aarhus C", "", "", "")
    one["contact"] = lines
    return True


def drop_contact(one: Dict, _n: int) -> bool:
    changed: bool = one["contact"] != EMPTY
    one["contact"] = EMPTY
    return changed


def resend(_one: Dict, _n: int) -> bool:
    return True


STEPS: dict[str, Callable[[Dict, int], bool]] = {
    step.__name__: step
    for step in (
        *(move, change_co, rename_street, rename, give_name, protect, unprotect, die, undie, annul, restore),
        *(vanish, found, emigrate, come_back, move_abroad, lose_home, go_to_greenland, lose_home_in_greenland),
        *(come_home, keep_number_only, change_number, undo_number, correct_birth, set_contact, drop_contact, resend),
    )
}

#: What is tried when a step cannot happen, so that what begins also ends.
INSTEAD = {
    "protect": "unprotect",
    "unprotect": "protect",
    "die": "undie",
    "annul": "restore",
    "vanish": "found",
    "emigrate": "come_back",
    "move": "come_back",
    "rename": "give_name",
    "drop_contact": "set_contact",
    "undo_number": "change_number",
    "come_home": "undie",
    "keep_number_only": "found",
}


def happen(kind: str, one: Dict, n: int) -> str | None:
    """Let a step happen to someone, or what is tried instead; returns which it was, None: nothing can."""
    for step in (kind, INSTEAD.get(kind)):
        if step is not None and STEPS[step](one, n):
            return step
    return None


# -- what the sources say ------------------------------------------------------------------------------------


def file_line(one: Dict, agreed: tuple[str, ...]) -> Dict:
    """Her whole snapshot in a delivery; `agreed`: which of the records 004 and 006 the agreement holds."""
    said = _said(one, one["numbers"][-1])
    if one["status"] not in NUMBER_IS_GONE:
        said["protection"] = one["protection"] if "004" in agreed else SILENT
        said["contact"] = one["contact"] if "006" in agreed else SILENT
    return said


def replaced_line(one: Dict, number: str) -> Dict:
    """What both sources say of a number that is out of use."""
    current, status = one["replaced"][number]
    return dict.fromkeys(GROUPS, SILENT) | {"number": number, "status": status, "current": current}


def answer(one: Dict, number: str, *, says_unprotected: bool) -> Dict:
    """The register's answer: it cannot say that there is no contact address; some leave out an unset protection."""
    if number in one["replaced"]:
        return replaced_line(one, number)
    said = _said(one, number)
    if one["status"] not in NUMBER_IS_GONE:
        said["protection"] = SILENT if one["protection"] == EMPTY and not says_unprotected else one["protection"]
        said["contact"] = SILENT if one["contact"] == EMPTY else one["contact"]
    return said


def _said(one: Dict, number: str) -> Dict:
    """What both say; of a number that is annulled nothing but that."""
    said: Dict = dict.fromkeys(GROUPS, SILENT) | {"number": number, "status": one["status"], "current": EMPTY}
    if one["status"] != "30":
        said |= {group: deepcopy(one[group]) for group in ("name", "birth", "address", "abroad")}
    return said

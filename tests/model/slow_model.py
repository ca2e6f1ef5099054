"""What a source does to a record: plain dicts and ifs, slow and obvious, written from the decisions and not the code.

One part of the model, beside `slow_register` and `slow_windows`. Imports nothing of the program. Leaves out reviews,
runs, history and versions: only what the record says, and what the net media are told of it.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from slow_register import EMPTY, GROUPS, LIVES_SOMEWHERE, NUMBER_IS_GONE, SILENT, Dict
from slow_windows import close_if_answered, day_that_counts, subscribe, waits_for_an_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from slow_windows import Register

HOME = ("0751",)
#: From their days on: the groups and the ages from which they count.
LADDERS: tuple[tuple[date, tuple[tuple[str, int], ...]], ...] = (
    (date(2000, 1, 1), (("Barn", 0), ("Ung", 15), ("Stor", 16), ("Voksen", 18))),
    (date(2027, 3, 3), (("Barn", 0), ("Ung", 14), ("Stor", 16), ("Voksen", 17))),
)
#: Statuses that end residence, whatever staff typed (decision 11, and the brief of overrides).
LIVES_ELSEWHERE = ("05", "07", "20", "80", "90")
#: Belong to an administrative street, and seal whatever the street is.
SEALS = ("03", "07")
DWELLING = ("municipality", "street_code", "house", "building", "floor", "door")
#: Who speaks: a delivery, the night's own look-up, and one at the desk.
FILE, LOOKUP, DESK = "file", "lookup", "desk"


def new_record(number: str) -> Dict:
    """A patron as an import leaves her: no source has spoken of her."""
    return dict.fromkeys(GROUPS, SILENT) | {
        "number": number,
        "old_numbers": set(),
        "as_of": None,
        "stopped": False,
        #: status 03 or 07 went, and her last address with it stays sealed until another comes
        "stays_sealed": False,
        "group": "",
        "group_before": "",
        #: by field: value, last day or None
        "overrides": {},
        "questions": {"first_copy"},
        #: the number that the register tells of; an import subscribes nobody, the night after it does
        "subscribed": None,
        #: see `slow_windows`
        "window": None,
    }


# -- one snapshot --------------------------------------------------------------------------------------------


def hear_answer(record: Dict, said: Dict, register: Register, source: str = LOOKUP) -> None:
    """Take the register's answer: it speaks of the last delivery that was taken, and in a window of all it has seen."""
    decided = said["status"] not in {"50", "60"}
    hear(record, said, register.day, source, register.ask, counts=day_that_counts(record, register))
    if decided:
        close_if_answered(record, register)


def hear(  # noqa: PLR0913 -- a word, whose it is, of which day, and what it counts for
    record: Dict, said: Dict, day: date, source: str, ask: Callable[[str], Any], *, counts: date | None = None
) -> None:
    """Take one source's word of a day, which may count for a later one.

    `ask` looks a number up; None: the register does not answer.
    """
    if is_older(counts or day, source, record["as_of"]):
        # decision 1: older never overwrites newer, and on equal days the file wins; but a look-up of the file's
        # own day that says protected contradicts it, and then she is (decision 2)
        if record["as_of"][0] == day and said["protection"] == "0001":
            record["protection"] = "0001"
        return
    if said["status"] in {"50", "60"}:
        return  # of her number only, and the links of a delivery say what that means
    if said["status"] in LIVES_SOMEWHERE and said["address"] == SILENT:
        # a person has to look; a protection goes through all the same (decision 3), also to one who is new
        if said["protection"] == "0001":
            record["protection"] = "0001"
        return
    lifts = record["protection"] == "0001" and said["protection"] == EMPTY
    keeps = False
    if source == FILE and said["protection"] == "0001":
        record["questions"].discard("protection_end")
    if source == FILE and lifts:
        keeps = not end_is_confirmed(record, ask(said["number"]))  # decision 2: only a candidate
    if source == DESK and lifts:
        keeps = True
        record["questions"].add("protection_end")  # decision 35: a candidate too, and the night's own look-up decides
    protection = record["protection"] if keeps else said["protection"]
    take_over(record, said | {"protection": protection})
    if not is_older(day, source, record["as_of"]):
        record["as_of"] = (day, FILE if source == FILE else LOOKUP)
    record["questions"].discard("first_copy")


def is_older(day: date, source: str, as_of: tuple[date, str] | None) -> bool:
    if as_of is None:
        return False
    if day != as_of[0]:
        return day < as_of[0]
    return source != FILE and as_of[1] == FILE


def end_is_confirmed(record: Dict, answered: Dict | None) -> bool:
    """Decision 2: `false` and silence lift it; `true` keeps it; no answer keeps it, and it is asked again."""
    if answered is None or answered["status"] in NUMBER_IS_GONE:
        record["questions"].add("protection_end")  # what is said of a number that is gone is not said of her
        return False
    record["questions"].discard("protection_end")
    return bool(answered["protection"] != "0001")


def take_over(record: Dict, said: Dict) -> None:
    """Each group whole; silence changes nothing; a foreign address belongs to status 80 alone."""
    if said["address"] != SILENT:
        record["stays_sealed"] = False
    elif record["status"] in SEALS and said["status"] not in {SILENT, *SEALS} and record["address"] != SILENT:
        record["stays_sealed"] = True
    for group in GROUPS:
        if said[group] != SILENT:
            record[group] = said[group]
    if said["status"] not in {SILENT, "80"}:
        record["abroad"] = SILENT
    if said["status"] == "90":
        record["stopped"] = True
    elif said["status"] not in {SILENT, "30"}:
        record["stopped"] = False  # a death annulled; of an annulled number nobody knows


# -- a night ------------------------------------------------------------------------------------------------------


def night(records: list[Dict], files: Iterable[tuple[date, list[Dict]]], before: Register, after: Register) -> None:
    """Subscribe, ask what is open, take each delivery, subscribe new numbers, and ask about everyone in a window.

    `before` and `after`: the register as the library stands to it before it has taken the files, and since.
    """
    for record in records:
        subscribe(record, before)
    for record in records:
        for question in sorted(record["questions"]):
            settle(record, question, before)
    for day, lines in files:
        deliver(records, day, lines, after)
    for record in records:
        subscribe(record, after)
    heal(records, after)


def heal(records: list[Dict], register: Register) -> None:
    """Decision 32: in the same run each is asked once; a number that an answer names is subscribed, perhaps late."""
    asked: list[str] = []
    while due := [one for one in records if waits_for_an_answer(one) and one["number"] not in asked]:
        for record in due:
            asked.append(record["number"])
            settle(record, "window", register)
        for record in records:
            subscribe(record, register)


def settle(record: Dict, question: str, register: Register) -> None:
    answered = register.ask(record["number"])
    if answered is None:
        return
    if question != "protection_end":
        answered = follow_answers(record, answered, register.ask)
    if question != "protection_end":
        record["questions"].discard(question)
        hear_answer(record, answered, register)
    elif record["protection"] != "0001":
        record["questions"].discard(question)
    elif record["as_of"][0] <= register.day and end_is_confirmed(record, answered):
        record["protection"] = EMPTY


def follow_answers(record: Dict, answered: Dict, ask: Callable[[str], Any]) -> Dict:
    """Decision 6: by the register's own answers, one after another, to the number that is hers now."""
    had = record["number"]
    while answered["status"] in {"50", "60"}:
        record["number"] = answered["current"]
        answered = ask(record["number"])
    record["old_numbers"] = (record["old_numbers"] | {had}) - {record["number"]}
    return answered


def deliver(records: list[Dict], day: date, lines: list[Dict], register: Register) -> None:
    renumbered = change_numbers(records, day, {line["number"]: line for line in lines})
    by_number = {record["number"]: record for record in records}
    for line in lines:
        if line["number"] in by_number:
            hear(by_number[line["number"]], line, day, FILE, register.ask)
    delivered = {line["number"] for line in lines if line["status"] not in {"50", "60"}}
    for record in renumbered:
        if record["number"] not in delivered:
            record["questions"].add("number_change")  # decision 6: only the old one came
            settle(record, "number_change", register)


def change_numbers(records: list[Dict], day: date, lines: dict[str, Dict]) -> list[Dict]:
    """By the register's own links, to the end of a chain; never in a circle, never two patrons to one number."""
    ends = {}
    for index, record in enumerate(records):
        number, seen = record["number"], set()
        while number in lines and lines[number]["status"] in {"50", "60"} and number not in seen:
            seen.add(number)
            number = lines[number]["current"]
        stale = is_older(day, FILE, record["as_of"])
        if seen and number not in seen and number not in {EMPTY, SILENT} and not stale:
            ends[index] = number
    taken = {record["number"] for record in records}
    changed = []
    for index, number in ends.items():
        if number not in taken and list(ends.values()).count(number) == 1:
            records[index]["old_numbers"].add(records[index]["number"])
            records[index]["old_numbers"].discard(number)
            records[index]["number"] = number
            changed.append(records[index])
    return changed


def evening(record: Dict, today: date) -> None:
    """What the calendar does: corrections that are over give way, and the group follows age."""
    for field, (_, until) in list(record["overrides"].items()):
        if until is not None and until < today:
            take_back(record, field)
    regroup(record, today)


def take_back(record: Dict, field: str) -> None:
    """The register's word is in force again; of a pinned group, the one that she was in before."""
    if record["overrides"].pop(field, None) is not None and field == "group":
        record["group"] = record["group_before"]


def regroup(record: Dict, today: date) -> None:
    """The group that counts: pinned, else by age; the dead grow no older, and other groups are left alone."""
    if "group" in record["overrides"]:
        record["group"] = record["overrides"]["group"][0]
        return
    by_age = {"", *(name for _, groups in LADDERS for name, _ in groups)}
    born = birth_date(record)
    dead = record["status"] == "90" or (record["status"] == "30" and record["stopped"])
    if not dead and record["group"] in by_age and born is not None:
        record["group"] = group_on(born, today)


# -- what follows from the record ---------------------------------------------------------------------------


def birth_date(record: Dict) -> date | None:
    """Staff's, else the register's, else the number's."""
    if "birth_date" in record["overrides"]:
        return date.fromisoformat(record["overrides"]["birth_date"][0])
    if record["birth"] != SILENT:
        born: date = record["birth"][0]
        return born
    number = record["number"]
    day, month, year, seventh = int(number[:2]), int(number[2:4]), int(number[4:6]), int(number[6])
    if seventh <= 3:
        century = 1900
    elif seventh in {4, 9}:
        century = 2000 if year <= 36 else 1900
    else:
        century = 2000 if year <= 57 else 1800
    try:
        return date(century + year, month, day)
    except ValueError:
        return None


def group_on(born: date, today: date) -> str:
    """Decision 9: someone born on 29 February is a year older on 1 March in common years."""
    years = today.year - born.year
    if (today.month, today.day) < (born.month, born.day):
        years -= 1
    groups = [groups for since, groups in LADDERS if since <= today][-1]
    return [name for name, age in groups if age <= max(years, 0)][-1]


def municipality(record: Dict) -> str | None:
    if "municipality" in record["overrides"]:
        typed: str = record["overrides"]["municipality"][0]
        return typed
    return None if record["address"] == SILENT else record["address"]["municipality"]


def lives_in(record: Dict) -> str | None:
    """The code she lives under, staff's word before the register's; None when nobody knows."""
    if record["status"] in {"01", "03"} or "municipality" in record["overrides"]:
        return municipality(record)
    return None


def culr_number(record: Dict) -> str | None:
    """Decision 11: three digits of a Danish municipality, a deliberate empty, or None: nothing is sent."""
    if record["status"] in LIVES_ELSEWHERE:
        return ""
    code = lives_in(record)
    if code is None or record["status"] in NUMBER_IS_GONE:
        return None  # nobody knows where, or nobody has that number
    return "" if code.startswith("09") else code[1:]


def residence(record: Dict) -> str:
    if record["status"] in LIVES_ELSEWHERE:
        return "not_resident"
    code = lives_in(record)
    if code is None:
        return "unknown"
    return "resident" if code in HOME else "not_resident"


def is_sealed(record: Dict) -> bool:
    """Decision 2: protected, not yet or perhaps not spoken of, at an administrative street or of a status for one."""
    street = "0000" if record["address"] == SILENT else record["address"]["street_code"]
    hidden = int(street) >= 9900 or record["status"] in SEALS or record["stays_sealed"]
    unverified = record["window"] is not None  # decision 32: shown as one of whose protection nobody has spoken
    return record["protection"] in {"0001", SILENT} or unverified or bool(hidden)


def shown_name(record: Dict) -> str | None:
    if "name" in record["overrides"]:
        typed: str = record["overrides"]["name"][0]
        return typed
    return None if record["name"] in {EMPTY, SILENT} else record["name"][0]


def shown_address(record: Dict) -> list[str] | None:
    if "address" in record["overrides"]:
        return str(record["overrides"]["address"][0]).split("\n")
    return None if record["address"] == SILENT else label(record["address"])


def label(parts: Dict) -> list[str]:
    """c/o, locality, road with house, floor and door, town, postcode and district."""
    line = f"{parts['road']} {parts['house'] or 'B-' + parts['building']}"
    if parts["floor"]:
        line += f", {parts['floor']}."
    if parts["door"]:
        line += f" {parts['door']}"
    lines = [parts["co"], parts["locality"], line, parts["town"], f"{parts['postcode']} {parts['district']}"]
    return [one for one in lines if one]


def days_between(last: date, today: date) -> list[date]:
    return [last + timedelta(days=n) for n in range(1, (today - last).days + 1)]


# -- the desk ------------------------------------------------------------------------------------------------


def register_at_desk(record: Dict, said: Dict, register: Register) -> None:
    """Look up and write: subscribed, if she is not, and told what the register says."""
    subscribe(record, register)
    hear_answer(record, said, register, DESK)


def correct(record: Dict, field: str, value: str, today: date, until: date | None) -> None:
    """Staff's word over the register's, from today on."""
    if field == "group" and field not in record["overrides"]:
        record["group_before"] = record["group"]
    record["overrides"][field] = (value, until)
    regroup(record, today)


def withdraw(record: Dict, field: str, today: date) -> None:
    take_back(record, field)
    regroup(record, today)


def in_household(record: Dict, others: list[Dict], parked: list[Dict]) -> bool:
    """Decision 2: whoever shares an address with someone sealed for her own sake has that address sealed too.

    `parked`: those who wait for a person, who count as protected (decision 3).
    """
    if record["address"] == SILENT:
        return False
    for other in others:
        waits = any(other is one for one in parked)
        if other is not record and dwelling(other) == dwelling(record) and (waits or is_sealed(other)):
            return True
    return False


def dwelling(record: Dict) -> tuple[str, ...] | None:
    if record["address"] == SILENT:
        return None
    return tuple(record["address"][part] for part in DWELLING)


def expected(record: Dict, others: list[Dict], parked: list[Dict]) -> Dict:
    """All that is held against the engine's record; `others`: the library's patrons, `parked`: those who wait."""
    sealed = is_sealed(record)
    hidden = sealed or in_household(record, others, parked)
    return {
        **{name: record[name] for name in ("name", "birth", "status", "address", "protection", "abroad", "number")},
        "contact": EMPTY if record["contact"] == SILENT else record["contact"],
        "verified": record["as_of"] is not None and record["window"] is None,
        "as_of": record["as_of"] and record["as_of"][0],
        "stopped": record["stopped"],
        "group": record["group"],
        "group_shown": record["group"],
        "born": birth_date(record),
        "residence": residence(record),
        "culr": culr_number(record),
        "municipality_in_clear": municipality(record),
        "sealed": sealed,
        "shown": {
            "name": None if sealed else shown_name(record),
            "address": None if hidden else shown_address(record),
            "municipality": municipality(record),
        },
    }

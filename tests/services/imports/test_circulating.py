"""The import of what circulates: known by its source's id, taken once, updated later, and shown with the record."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from doubles import MONDAY, Killed, Library, happened
from test_forgetting import MONTH_AGO, NOT_YET, TODAY, morning
from test_importing import take as take_patrons
from test_leaving import leave
from test_number_change import replaced
from test_reviewing import number_of, reviews
from test_setting import row
from townspeople import cpr, person
from whole import verify_audit

from cprsync.errors import BadInput
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.imports.circulation import CirculationImport, import_circulation

if TYPE_CHECKING:
    from cprsync.services.imports.results import Imported

LIST = (
    "type;id;patron;title;loaned;due;renewed;placed;kind;amount;raised;loan;channel;sent;subject;content\n"
    "loan;L1;ANNA;Ulysses;2027-02-01;2027-03-20;2027-02-20;;;;;;;;;\n"
    "reservation;R1;ANNA;Dubliners;;;;2027-03-01;;;;;;;;\n"
    "balance;B1;ANNA;;;;;;compensation;249,50;2027-03-10;L1;;;;\n"
    "message;M1;ANNA;;;;;;;;;;sms;2027-03-12;Husk;Bogen skal hjem\n"
)


def take(library: Library, text: str, *, apply: bool = True, **how: Any) -> Imported:
    options = CirculationImport(
        how.pop("store", library.store), library.policy, library.clock.today(), apply=apply, **how
    )
    return import_circulation(io.BytesIO(text.encode()), options)


def fields(library: Library, key: str = "ANNA") -> dict[str, Any]:
    window = RecordViewer(library, "lone")
    told: dict[str, Any] = window.shown(library.id_of(key))["fields"]
    return told


def rows(library: Library, *tables: str) -> dict[str, int]:
    everything = library.everything()
    return {table: len(everything[table]) for table in tables or ("loan", "reservation", "balance", "message")}


@pytest.fixture
def here(either_library: Library) -> Library:
    morning(either_library)
    return either_library


def test_each_type_is_kept_and_shown_with_its_owner(here: Library) -> None:
    assert take(here, LIST).document() == {
        "rows": 4,
        "created": 4,
        "updated": 0,
        "unchanged": 0,
        "refused": [],
        "encoding": "utf-8",
        "over": 0,
    }
    told = fields(here)
    assert told["loans"]["value"] == [
        {
            "id": "L1",
            "title": "Ulysses",
            "due": "2027-03-20",
            "returned": None,
            "loaned": "2027-02-01",
            "renewed": "2027-02-20",
        }
    ]
    assert told["reservations"]["value"][0]["placed"] == "2027-03-01"
    (owed,) = told["balance"]["value"]
    assert (owed["amount"], owed["kind"], owed["loan_source"]) == ("249.50", "compensation", "L1")
    (sent,) = told["messages"]["value"]
    assert (sent["sent"], sent["channel"], sent["content"]) == ("2027-03-12", "sms", "Bogen skal hjem")
    assert [told[name]["owner"] for name in ("loans", "reservations", "balance")] == ["system", "patron", "system"]


def test_of_a_protected_patron_too_since_no_name_or_address_is_in_it(here: Library) -> None:
    take(here, LIST.replace("ANNA", "BO"))
    told = fields(here, "BO")
    assert (told["name"]["sealed"], told["loans"]["value"][0]["title"]) == (True, "Ulysses")


def test_twice_is_once_and_a_dry_run_says_the_same_and_writes_nothing(here: Library) -> None:
    before = here.everything()
    dry = take(here, LIST, apply=False)
    assert here.everything() == before
    assert dry.document() == take(here, LIST).document()
    before = here.everything()
    assert take(here, LIST).counts == {"unchanged": 4}
    assert here.everything() == before


def test_a_later_list_updates_what_came_and_an_empty_cell_says_nothing(here: Library) -> None:
    take(here, LIST)
    later = (
        "type,id,patron,title,loaned,due,returned,amount,raised,settled\n"
        f"loan,L1,ANNA,Ulysses,2027-02-01,2027-03-20,{TODAY},,,\n"
        f"balance,B1,ANNA,,,,,249.5,2027-03-10,{TODAY}\n"
    )
    assert take(here, later).counts == {"updated": 2}
    told = fields(here)
    assert told["loans"]["value"][0]["returned"] == TODAY.isoformat()
    assert told["loans"]["value"][0]["renewed"] == "2027-02-20"
    assert told["balance"]["value"][0]["kind"] == "compensation"
    before = here.everything()
    assert take(here, later).counts == {"unchanged": 2}
    assert here.everything() == before


def test_of_what_is_known_a_row_need_say_only_what_is_new(here: Library) -> None:
    take(here, LIST)
    text = (
        "type,id,patron,returned,settled,subject\n"
        f"loan,L1,ANNA,{TODAY},,\nbalance,B1,ANNA,,{TODAY},\nmessage,M1,ANNA,,,Husk bogen\n"
    )
    assert take(here, text).counts == {"updated": 3}
    told = fields(here)
    loan, owed, sent = (told[name]["value"][0] for name in ("loans", "balance", "messages"))
    assert (loan["title"], loan["returned"]) == ("Ulysses", TODAY.isoformat())
    assert (owed["amount"], owed["kind"], owed["settled"]) == ("249.50", "compensation", TODAY.isoformat())
    assert (sent["channel"], sent["subject"], sent["content"]) == ("sms", "Husk bogen", "Bogen skal hjem")
    before = here.everything()
    assert take(here, text).counts == {"unchanged": 3}
    assert here.everything() == before


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *(("1250", "1250.00"), ("1250.5", "1250.50"), ("1250,50", "1250.50"), ("1.250,50", "1250.50")),
        *(("1.001.250,5", "1001250.50"), ("0,05", "0.05")),
    ],
)
def test_an_amount_is_read_as_programs_and_as_people_write_it(library: Library, written: str, read: str) -> None:
    take(library, f'type,id,patron,amount,raised\nbalance,B1,ANNA,"{written}",2027-03-01\n')
    assert [one["amount"] for one in fields(library)["balance"]["value"]] == [read]


@pytest.mark.parametrize("end", ["fulfilled", "cancelled"])
def test_a_reservation_that_is_fulfilled_or_cancelled_is_deleted_and_not_brought_back(here: Library, end: str) -> None:
    take(here, LIST)
    over = f"type,id,patron,title,placed,{end}\nreservation,R1,ANNA,Dubliners,2027-03-01,2027-03-20\n"
    assert take(here, over).counts == {"updated": 1}
    assert rows(here, "reservation") == {"reservation": 0}
    assert take(here, over).counts == {"over": 1}


def test_the_record_knows_the_last_day_on_which_she_did_something_herself(here: Library) -> None:
    assert row(here, "ANNA")["last_seen"] is None
    take(here, LIST)
    assert row(here, "ANNA")["last_seen"].isoformat() == "2027-03-01"
    tomorrow = TODAY + timedelta(days=1)
    take(here, f"type,id,patron,title,placed\nreservation,R2,ANNA,x,2026-01-01\nreservation,R3,ANNA,x,{tomorrow}\n")
    assert row(here, "ANNA")["last_seen"].isoformat() == "2027-03-01"
    take(here, "type,id,patron,settled\nbalance,B1,ANNA,2027-03-12\n")
    assert row(here, "ANNA")["last_seen"].isoformat() == "2027-03-12"


def test_a_patron_may_be_named_by_her_number_and_one_file_may_be_of_one_type(here: Library) -> None:
    text = json.dumps([{"id": 7, "patron": here.id_of("CLARA"), "title": "x", "placed": "2027-03-01T10:00:00"}])
    assert take(here, text, type="reservation").counts == {"created": 1}
    assert fields(here, "CLARA")["reservations"]["value"][0]["id"] == "7"


def test_whoever_was_merged_is_the_one_who_kept_what_she_had(library: Library) -> None:
    anna, clara = library.id_of("ANNA"), library.id_of("CLARA")
    text = f"type,id,patron,title,placed\nreservation,R1,{anna},x,2027-03-01\n"
    take(library, text)
    library.deliver(MONDAY, replaced(cpr("ANNA"), cpr("CLARA")), person("CLARA"))
    library.night()
    reviews(library).accept(number_of(library, "parked.number.both_patrons"))
    assert take(library, text).counts == {"unchanged": 1}
    assert [one["patron_id"] for one in library.rows("reservation")] == [clara]


# -- what is not taken ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "field", "why"),
    [
        ("loan,,ANNA,x,2027-02-01,2027-03-20,,,", "id", "missing"),
        ("loan,L9,,x,2027-02-01,2027-03-20,,,", "patron", "missing"),
        ("loan,L9,NOBODY,x,2027-02-01,2027-03-20,,,", "patron", "borrower.unknown"),
        ("loan,L9,ANNA,x,2027-02-01,,,,", "due", "missing.new"),
        ("loan,L9,ANNA,,2027-02-01,2027-03-20,,,", "title", "missing.new"),
        ("balance,B9,ANNA,,,,,2027-03-01,", "amount", "missing.new"),
        ("loan,L9,ANNA,x,2027-02-31,2027-03-20,,,", "loaned", "day"),
        ("loan,L9,ANNA," + "x" * 255 + ",2027-02-01,2027-03-20,,,", "title", "cell"),
        ("lån,L9,ANNA,x,2027-02-01,2027-03-20,,,", "type", "type"),
        ("balance,B9,ANNA,,,,minus 5,2027-03-01,", "amount", "amount"),
        ("balance,B9,ANNA,,,,5.005,2027-03-01,", "amount", "amount"),
        ("balance,B9,ANNA,,,,1.250,2027-03-01,", "amount", "amount"),
        ("message,M9,ANNA,,,,,,due", "channel", "channel"),
        ("loan,L1,CLARA,x,2027-02-01,2027-03-20,,,", "id", "id.other"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_line_and_field_and_the_others_are_taken(
    here: Library, line: str, field: str, why: str
) -> None:
    take(here, LIST)
    before = here.everything()
    header = "type,id,patron,title,loaned,due,amount,raised,channel,sent\n"
    imported = take(here, header + line + ",2027-03-01\n" + "reservation,R1,ANNA,Dubliners\n".replace("\n", ",,,,,,\n"))
    assert (imported.refused[0].line, imported.refused[0].field, imported.refused[0].why) == (2, field, why)
    assert here.everything() == before


@pytest.mark.parametrize(
    ("line", "field", "why"),
    [
        ("loan,L9,ANNA,x,2027-03-02,2027-03-01,,,,,", "due", "day.order"),
        ("loan,L9,ANNA,x,2027-03-02,2027-03-20,2027-03-01,,,,", "returned", "day.order"),
        (f"loan,L9,ANNA,x,{TODAY + timedelta(days=2)},2027-09-01,,,,,", "loaned", "day.future"),
        (f"loan,L9,ANNA,x,2027-03-02,2027-03-20,{TODAY + timedelta(days=2)},,,,", "returned", "day.future"),
        ("balance,B9,ANNA,,,,,20,2027-03-02,2027-03-01,", "settled", "day.order"),
        (f"message,M9,ANNA,,,,,,,,{TODAY + timedelta(days=2)}", "sent", "day.future"),
        # of what is known, a row says one of the two days only
        ("loan,L1,ANNA,,,2027-01-31,,,,,", "due", "day.order"),
        ("loan,L1,ANNA,,2027-03-21,,,,,,", "due", "day.order"),
        ("balance,B1,ANNA,,,,,,,2027-03-09,", "settled", "day.order"),
    ],
)
def test_a_day_that_cannot_be_is_refused_and_nothing_changes(here: Library, line: str, field: str, why: str) -> None:
    take(here, LIST)
    before = here.everything()
    header = "type,id,patron,title,loaned,due,returned,amount,raised,settled,sent,channel\n"
    dry, imported = (take(here, f"{header}{line},sms\n", apply=apply) for apply in (False, True))
    assert [(one.field, one.why) for one in imported.refused] == [(field, why)]
    assert dry.refused == imported.refused
    assert here.everything() == before


def test_a_source_may_be_a_day_ahead_and_a_loan_due_on_the_day_it_began(here: Library) -> None:
    tomorrow = TODAY + timedelta(days=1)
    text = f"type,id,patron,title,loaned,due\nloan,L1,ANNA,x,{tomorrow},{tomorrow}\n"
    assert take(here, text).counts == {"created": 1}


def test_an_id_that_stands_twice_is_taken_once(here: Library) -> None:
    line = "reservation,R1,ANNA,x,2027-03-01\n"
    imported = take(here, f"type,id,patron,title,placed\n{line}{line}")
    assert (imported.counts, [(one.line, one.why) for one in imported.refused]) == ({"created": 1}, [(3, "id.twice")])


def test_what_is_no_such_list_is_refused_whole(here: Library) -> None:
    before = here.everything()
    with pytest.raises(BadInput):
        take(here, LIST.replace("title", "titel", 1))
    assert here.everything() == before


# -- with what is forgotten -----------------------------------------------------------------------------------------


def test_a_list_brings_back_nothing_that_the_nights_have_forgotten(here: Library) -> None:
    old = (
        "type,id,patron,title,loaned,due,returned,amount,raised,settled,channel,sent,subject,content,kind,loan\n"
        f"loan,L1,ANNA,Ulysses,2026-01-01,2026-02-01,{MONTH_AGO},,,,,,,,,\n"
        f"balance,B1,ANNA,,,,,20,2026-02-01,{MONTH_AGO},,,,,fee,\n"
        f"balance,B2,ANNA,,,,,20,2026-02-01,{MONTH_AGO},,,,,compensation,\n"
        f"message,M1,ANNA,,,,,,,,email,{MONTH_AGO},Hej,Om bogen,,\n"
    )
    assert take(here, old).counts == {"over": 3, "created": 1}
    assert rows(here) == {"loan": 0, "reservation": 0, "balance": 0, "message": 1}
    assert fields(here)["messages"]["value"] == [{"id": "M1", "sent": MONTH_AGO.isoformat(), "channel": "email"}]
    before = here.everything()
    assert take(here, old).counts == {"over": 3, "unchanged": 1}
    assert here.everything() == before


def test_a_message_whose_content_is_forgotten_does_not_get_it_back(here: Library) -> None:
    take(here, LIST)
    morning(here, TODAY + timedelta(days=40))
    here.night()
    assert take(here, LIST).counts["updated"] == 0
    assert "content" not in fields(here)["messages"]["value"][0]


def test_a_loan_that_was_returned_long_ago_is_kept_while_money_is_owed_for_it(here: Library) -> None:
    """Whichever of the two stands first in the list."""
    text = (
        "type,id,patron,title,loaned,due,returned,amount,raised,settled,loan\n"
        f"loan,L1,ANNA,x,2026-01-01,2026-02-01,{MONTH_AGO},,,,\n"
        f"loan,L2,ANNA,y,2026-01-01,2026-02-01,{MONTH_AGO},,,,\n"
        "balance,B1,ANNA,,,,,20,2026-02-01,,L1\n"
        f"balance,B2,ANNA,,,,,20,2026-02-01,{NOT_YET},L2\n"
    )
    before = here.everything()
    dry = take(here, text, apply=False)
    assert here.everything() == before
    assert take(here, text).counts == dry.counts == {"created": 4}
    here.night()
    assert rows(here, "loan", "balance") == {"loan": 2, "balance": 2}
    assert take(here, text).counts == take(here, text, apply=False).counts == {"unchanged": 4}


def test_a_dry_run_foresees_that_a_list_settles_or_moves_what_was_owed_for_a_loan(here: Library) -> None:
    long_ago = MONTH_AGO - timedelta(days=40)
    take(
        here,
        "type,id,patron,amount,raised,loan\n"
        f"balance,B1,ANNA,20,{long_ago},L1\nbalance,B2,ANNA,20,{long_ago},L2\nbalance,B3,ANNA,20,{long_ago},L3\n"
        f"balance,B4,CLARA,20,{long_ago},L4\n",
    )
    text = (
        "type,id,patron,title,loaned,due,returned,settled,loan\n"
        + "".join(f"loan,L{n},ANNA,x,2026-01-01,2026-02-01,{MONTH_AGO},,\n" for n in range(1, 6))
        + f"balance,B1,ANNA,,,,,{MONTH_AGO},\nbalance,B2,ANNA,,,,,,L5\n"
    )
    before = here.everything()
    dry = take(here, text, apply=False)
    assert here.everything() == before
    # paid long ago, owed for another loan, owed still, another patron's, and owed by now
    assert take(here, text).counts == dry.counts == {"over": 3, "created": 2, "updated": 2}
    assert {one["source_id"] for one in here.rows("loan")} == {"L3", "L5"}


def test_what_came_with_a_list_is_forgotten_in_its_time(here: Library) -> None:
    take(here, LIST.replace(";2027-03-20;", f";{MONTH_AGO};", 1))
    returned = f"type,id,patron,title,loaned,due,returned\nloan,L1,ANNA,Ulysses,2027-02-01,{MONTH_AGO},{TODAY}\n"
    take(here, returned)
    take(here, f"type,id,patron,amount,raised,settled\nbalance,B1,ANNA,249.50,2027-03-10,{TODAY}\n")
    morning(here, TODAY + timedelta(days=30))
    told = here.night().document()["forgotten"]
    assert {name: told.get(name) for name in ("loans", "compensations", "messages")} == dict.fromkeys(
        ("loans", "compensations", "messages"), 1
    )
    assert rows(here) == {"loan": 0, "reservation": 1, "balance": 0, "message": 1}


def test_nothing_comes_back_to_a_patron_who_has_left_but_what_she_owed_may_be_settled(here: Library) -> None:
    anna = here.id_of("ANNA")
    owed = "type,id,patron,amount,raised,settled\n" + f"balance,B1,{anna},20,2027-03-10,{TODAY}\n"
    take(here, owed)
    leave(here, anna)
    before = here.everything()
    assert take(here, LIST.replace("ANNA", anna).replace("B1", "B2")).counts == {"over": 4}
    assert here.everything() == before
    assert take(here, owed.replace(f",{TODAY}", f",{TODAY - timedelta(days=1)}")).counts == {"updated": 1}
    assert here.row(anna)["last_seen"] is None


# -- a long list ------------------------------------------------------------------------------------------------------


class Stopping:
    """A store that dies after so many transactions."""

    def __init__(self, store: Any, at: int) -> None:
        self._store, self._left = store, at
        self.imports = self

    def take_circulation(self, rows: Any, **how: Any) -> Any:
        if not self._left:
            raise Killed
        self._left -= 1
        return self._store.imports.take_circulation(rows, **how)


def test_an_import_that_was_killed_goes_on_when_it_is_run_again_and_is_audited(library: Library) -> None:
    take_patrons(library, "cards\nZ1\n")
    text = "type,id,patron,title,placed\n" + "".join(f"reservation,R{n},Z1,x,2027-03-01\n" for n in range(1200))
    before = library.everything()
    with pytest.raises(Killed):
        take(library, text, store=Stopping(library.store, 2))
    assert rows(library, "reservation") == {"reservation": 1000}
    assert take(library, text).counts == {"created": 200, "unchanged": 1000}
    assert sum((happened(library.everything()) - happened(before)).values()) == 3
    verify_audit(library.store)

"""What staff set: a correction that goes into effect at once and gives way on its day, and fields that are theirs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from doubles import MONDAY, TUESDAY, DisturbedStore, Wrapped, altered, happened, unowned
from townspeople import cpr, dies, gains_protection, moves, person, renames
from whole import verify_audit

from cprsync.domain.desk.settable import LISTS, settable
from cprsync.domain.patron.fields import SETTABLE
from cprsync.domain.patron.local import Absence, Block, Card, Email, ListChange, Local, Telephone
from cprsync.domain.patron.override import Overridden
from cprsync.domain.patron.review import BOTH_PATRONS
from cprsync.domain.person.person import Status, silence_by_status
from cprsync.domain.person.sealed import Address, label_lines
from cprsync.domain.policy.policy import AgeGroup, Harm, Ladder, Ladders
from cprsync.errors import BadInput, ConfigurationError, LostCompare, NotConfirmed
from cprsync.language.night import report_lines
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.setting import Setting, SettingDesk, set_field
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.ports.desk import LocalChange
from cprsync.services.ports.patrons import NewPatron
from cprsync.store.desk.setting import is_pin

if TYPE_CHECKING:
    from collections.abc import Callable

    from doubles import Library

UNTIL = date(2027, 5, 1)
LADDERS = Ladders((Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Ung", 14), AgeGroup("Voksen", 18))),))
WHY = "Showed her lease"


def counter(library: Library, store: Any = None) -> SettingDesk:
    codes = load_municipalities().homes()
    return SettingDesk(library.ports(store), codes)


def set_(library: Library, field: str, text: str | None, *, key: str = "ANNA", store: Any = None, **rest: Any) -> Any:
    """Set a field; an override with a reason and a last day unless told otherwise."""
    asked = Setting(library.id_of(key), field, text, "lone", **rest)
    return set_field(counter(library, store), asked)


def correct(library: Library, field: str, text: str | None, **rest: Any) -> Any:
    until = rest.pop("until", UNTIL if field != "group" else None)
    reason = rest.pop("reason", WHY)
    return set_(library, field, text, reason=reason, until=until, **rest)


def row(library: Library, key: str = "ANNA") -> dict[str, Any]:
    return library.row(library.id_of(key))


def states(library: Library) -> list[tuple[str, str]]:
    return [(one["field"], one["state"]) for one in library.rows("override")]


def entries(library: Library) -> list[dict[str, Any]]:
    rows = [one for one in library.rows("audit") if one["stream"] == "desk"]
    return [json.loads(bytes.fromhex(one["entry"])) for one in rows]


# -- over the register ---------------------------------------------------------------------------------------


def test_a_corrected_municipality_counts_at_once_and_the_net_media_hear_of_it(either_library: Library) -> None:
    library = either_library
    sent = library.outbox("ANNA")
    told = correct(library, "municipality", "101\n")
    assert told == {
        "patron": library.id_of("ANNA"),
        "field": "municipality",
        "outcome": "set",
        "until": "2027-05-01",
        "culr": "101",
    }
    assert (row(library)["municipality"], row(library)["overrides"]) == ("0101", 1)
    assert library.outbox("ANNA") == [*sent, (sent[-1][0] + 1, "101")]
    assert library.record("ANNA") == person("ANNA")
    verify_audit(library.store)


def test_setting_the_same_twice_is_the_same_as_once(either_library: Library) -> None:
    correct(either_library, "municipality", "0101")
    before = either_library.everything()
    assert correct(either_library, "municipality", " 101 ")["outcome"] == "unchanged"
    assert either_library.everything() == before


def test_a_night_after_a_correction_has_nothing_to_do(library: Library) -> None:
    correct(library, "municipality", "0101")
    correct(library, "name", "Anna Ny")
    library.deliver(MONDAY)
    library.night()
    assert library.record("ANNA") == person("ANNA")


def test_the_audit_names_who_and_the_field_and_no_value(library: Library) -> None:
    correct(library, "name", "Anna Ny")
    (entry,) = entries(library)
    assert (entry["kind"], entry["actions"], entry["user"], entry["until"]) == (
        "override",
        ["name"],
        "lone",
        "2027-05-01",
    )
    everything = json.dumps(library.rows("audit"))
    assert "Anna Ny" not in str(entry)
    assert b"Anna Ny".hex() not in everything
    assert WHY not in str(entry)


def test_a_later_correction_replaces_the_earlier(library: Library) -> None:
    correct(library, "municipality", "0101")
    correct(library, "municipality", "0461", reason="Now in Odense")
    assert states(library) == [("municipality", "replaced"), ("municipality", "live")]
    assert (row(library)["municipality"], library.outbox("ANNA")[-1][1]) == ("0461", "461")


def test_what_is_taken_back_lets_the_register_count_again(either_library: Library) -> None:
    library = either_library
    correct(library, "municipality", "0101")
    told = set_(library, "municipality", None, reason=WHY)
    assert (told["outcome"], told["culr"]) == ("withdrawn", "751")
    assert (row(library)["municipality"], row(library)["overrides"]) == ("0751", 0)
    assert states(library) == [("municipality", "withdrawn")]
    assert [entry["kind"] for entry in entries(library)] == ["override", "override_withdrawn"]


@pytest.mark.parametrize("field", [one.value for one in Overridden])
def test_taking_back_wants_a_reason_too(library: Library, field: str) -> None:
    values = {"name": "Anna", "birth_date": "1985-01-02", "address": "Havnen 2", "municipality": "0101"}
    correct(library, field, values.get(field, "Personale"))
    before = library.everything()
    with pytest.raises(ConfigurationError) as refused:
        set_(library, field, None)
    assert refused.value.kind == "usage.reason"
    assert library.everything() == before


@pytest.mark.parametrize("text", ["", "  \n\n", "\0\0"])
def test_an_empty_value_takes_nothing_back(library: Library, text: str) -> None:
    """A script whose value got lost is no wish; `--withdraw` is."""
    values = {"name": "Anna", "birth_date": "1985-01-02", "address": "Havnen 2", "municipality": "0101"}
    for name in Overridden:
        correct(library, name.value, values.get(name.value, "Personale"))
    set_(library, "internal_note", "Ringer selv")
    before = library.everything()
    for field in settable():
        with pytest.raises(BadInput) as refused:
            (set_ if field in SETTABLE else correct)(library, field, text)
        assert refused.value.kind == "input.empty", field
        assert library.everything() == before, field


def test_what_is_taken_back_has_no_last_day(library: Library) -> None:
    correct(library, "municipality", "0101")
    before = library.everything()
    with pytest.raises(ConfigurationError, match="no last day"):
        correct(library, "municipality", None)
    assert library.everything() == before


def test_there_is_nothing_to_take_back(library: Library) -> None:
    before = library.everything()
    assert set_(library, "name", None, reason=WHY)["outcome"] == "unchanged"
    assert library.everything() == before


def test_a_correction_that_changes_no_right_tells_the_net_media_nothing(library: Library) -> None:
    sent = library.outbox("ANNA")
    assert correct(library, "municipality", "0751")["culr"] is None
    assert correct(library, "address", "Havnen 2\n8000 Aarhus C")["culr"] is None
    assert library.outbox("ANNA") == sent


def test_the_dead_stay_dead_to_the_net_media(library: Library) -> None:
    library.deliver(MONDAY, dies(person("ANNA")))
    library.one_night()
    sent = library.outbox("ANNA")
    assert correct(library, "municipality", "0101")["culr"] is None
    assert library.outbox("ANNA") == sent


def test_an_annulled_number_lives_where_staff_say_and_is_not_told_to_the_net_media(library: Library) -> None:
    library.deliver(MONDAY, silence_by_status(replace(person("ANNA"), status=Status.ANNULLED)))
    library.night()
    sent = library.outbox("ANNA")
    correct(library, "municipality", "0101")
    assert row(library)["municipality"] == "0101"
    library.night()
    assert library.outbox("ANNA") == sent


def test_a_corrected_birth_date_moves_her_to_its_group_at_once(library: Library) -> None:
    library.policy = replace(library.policy, ladders=LADDERS)
    set_group(library, "Voksen")
    correct(library, "birth_date", "2015-06-01")
    assert (row(library)["patron_group"], row(library)["next_age_step"]) == ("Barn", date(2029, 6, 1))
    set_(library, "birth_date", None, reason=WHY)
    assert (row(library)["patron_group"], row(library)["next_age_step"]) == ("Voksen", None)


def set_group(library: Library, group: str, key: str = "ANNA") -> None:
    library.store.imports.take_patrons([NewPatron(cpr(key), Local(group=group))])


def test_a_pinned_group_stays_until_it_is_taken_back_and_then_age_decides(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, ladders=LADDERS)
    correct(library, "group", "Personale")
    assert row(library)["patron_group"] == "Personale"
    assert library.view("ANNA").local.group == "Personale"
    set_(library, "group", None, reason=WHY)
    assert row(library)["patron_group"] == "Voksen"


@pytest.mark.parametrize("ladders", [LADDERS, Ladders()])
def test_a_group_that_no_age_gave_is_hers_again_after_every_pin(library: Library, ladders: Ladders) -> None:
    library.policy = replace(library.policy, ladders=ladders)
    set_group(library, "Institution")
    correct(library, "group", "Personale")
    correct(library, "group", "Frivillig", reason="A volunteer now", until=TUESDAY)
    set_(library, "group", None, reason=WHY)
    assert row(library)["patron_group"] == "Institution"
    correct(library, "group", "Frivillig", until=TUESDAY)
    library.deliver(TUESDAY, previous=MONDAY.replace(day=19))
    library.night()
    assert row(library)["patron_group"] == "Institution"


def test_a_list_does_not_move_a_pinned_group(library: Library) -> None:
    correct(library, "group", "Personale")
    set_group(library, "Voksen")
    assert row(library)["patron_group"] == "Personale"
    set_group(library, "Barn", "CLARA")
    assert row(library, "CLARA")["patron_group"] == "Barn"


@pytest.mark.parametrize("field", [one.value for one in Overridden])
def test_the_calendar_hears_of_each_last_day(library: Library, field: str) -> None:
    values = {"name": "Anna", "birth_date": "1985-01-02", "address": "Havnen 2", "municipality": "0101"}
    correct(library, field, values.get(field, "Personale"), until=UNTIL)
    assert row(library)["local_due"] == UNTIL - timedelta(days=14)


# -- refused ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "rest", "kind"),
    [
        ("municipality", "0999", {}, "input.value"),
        ("municipality", "0012", {}, "input.value"),
        # Greenland, of today and not
        ("municipality", "0956", {}, "input.value"),
        ("municipality", "909", {}, "input.value"),
        ("name", "Anna\nBo", {}, "input.value"),
        ("birth_date", "yesterday", {}, "input.value"),
        ("name", "Anna", {"until": date(2027, 3, 1)}, "input.value"),
        ("name", "Anna", {"until": date(2029, 3, 1)}, "input.value"),
        ("name", "Anna", {"reason": "x" * 201}, "input.reason"),
        ("name", "Anna", {"reason": "a\x07b"}, "input.reason"),
        ("name", "Anna", {"reason": " "}, "usage.reason"),
        ("name", "Anna", {"until": None}, "usage.until"),
        *((name, "01", {}, "usage.field") for name in ("status", "cpr_number")),
        ("protection", "01", {}, "usage.field.protection"),
        ("shoe_size", "42", {}, "usage.field"),
        ("branch", "Risskov", {}, "usage.field"),
    ],
)
def test_what_is_refused_changes_nothing(
    library: Library, field: str, text: str, rest: dict[str, Any], kind: str
) -> None:
    before = library.everything()
    with pytest.raises((BadInput, ConfigurationError)) as refused:
        correct(library, field, text, **rest)
    assert refused.value.kind == kind
    assert text not in refused.value.message
    assert library.everything() == before


def test_a_field_that_is_none_names_those_there_are(library: Library) -> None:
    with pytest.raises(ConfigurationError, match=", ".join(settable())):
        set_(library, "shoe_size", "42")


def test_a_patron_who_is_none_is_refused(library: Library) -> None:
    with pytest.raises(BadInput, match="no such patron"):
        set_field(counter(library), Setting("00000000", "branch", "Risskov", "lone"))


def test_what_no_record_can_hold_is_not_what_it_held_when_somebody_saw_it(library: Library) -> None:
    before = library.everything()
    with pytest.raises(NotConfirmed) as refused:
        set_(library, "absence", "2027-04-10", was="ved ikke")
    assert refused.value.kind == "confirm.changed"
    assert library.everything() == before


def test_a_refusal_tells_nobody_that_a_protected_patron_gets_letters_elsewhere_than_they_guess(
    library: Library,
) -> None:
    set_(library, "contact_address", "Havnevej 2\n8000 Aarhus C")
    library.deliver(MONDAY, gains_protection(person("ANNA")))
    library.night()
    assert set_(library, "contact_address", "Skovvej 1", was="Skovvej 1")["outcome"] == "set"
    assert entries(library)[-1]["actions"] == ["contact_address"]


def test_a_joined_note_that_nobody_could_type_is_made_shorter(library: Library) -> None:
    first, second = "Ringer mandag " * 100, "Har glemt PIN " * 100
    joined = f"{first.strip()}\n\n{second.strip()}"
    patron = library.id_of("ANNA")
    note = LocalChange(patron, "internal_note", lambda before: replace(before, internal_note=joined))
    library.store.staff_changes.change_local(note, user="lone")
    # a browser ends its lines so
    assert set_(library, "internal_note", "Ringer", was=joined.replace("\n", "\r\n"))["outcome"] == "set"


# -- with a night ----------------------------------------------------------------------------------------------


def busy(library: Library, times: int) -> Any:
    """The real store, in which someone else writes her just before each of the first tries."""
    left = [LostCompare("a record changed between the decision and the write")] * times

    def correct(*args: Any, **kwargs: Any) -> None:
        if left:
            raise left.pop()
        library.store.staff_changes.correct(*args, **kwargs)

    return altered(library.store, staff_changes_correct=correct)


def test_a_record_that_someone_else_writes_is_decided_again(library: Library) -> None:
    assert correct(library, "municipality", "0101", store=busy(library, 2))["outcome"] == "set"
    with pytest.raises(LostCompare):
        correct(library, "municipality", "0461", store=busy(library, 3))
    assert row(library)["municipality"] == "0101"


def meanwhile(library: Library, act: Callable[[], object]) -> Any:
    """The real store, in which a colleague writes her between the other's reading and writing."""

    def acted(name: str, real: Any) -> Any:
        if name in {"staff_changes.correct", "staff_changes.change_local"}:
            act()
        return real

    return Wrapped(library.store, acted)


@pytest.mark.parametrize("way", ["leaves", "is erased", "is merged"])
def test_nothing_is_kept_of_a_patron_who_goes_while_a_field_is_set(either_library: Library, way: str) -> None:
    """The clerk's page was open; a colleague lets the patron go between the check and the write."""
    library, patron = either_library, either_library.id_of("ANNA")
    exit_ = LeavingDesk(library, "bo")
    store, gone = library.store, []

    def go() -> None:
        if gone:
            return
        if way == "is merged":
            store.desk.ask_staff(patron, BOTH_PATRONS, about=library.id_of("CLARA"))
            StaffReviews(library, "bo").accept(store.review_desk.items(all_states=False)[0].id)
        else:
            (said_yes.leave if way == "leaves" else said_yes.erase)(exit_, patron)
        gone.append(library.everything())

    asked = Setting(patron, "internal_note", "Kommer på mandag", "lone")
    with pytest.raises(BadInput) as refused:
        set_field(counter(library, meanwhile(library, go)), asked)
    assert refused.value.kind == ("patron.merged" if way == "is merged" else "patron.closed")
    assert library.everything() == gone[0]


def test_an_absence_typed_at_the_same_instant_as_a_correction_keeps_its_last_day(either_library: Library) -> None:
    """The absence ends first: the calendar looks at her the day after, whoever of the two wrote last."""
    library, absence = either_library, "2027-03-20 2027-03-27"
    correct(library, "name", "Anna", store=meanwhile(library, lambda: set_(library, "absence", absence)))
    assert row(library)["local_due"] == date(2027, 3, 28)
    assert library.view("ANNA").local.absence == Absence(date(2027, 3, 20), date(2027, 3, 27))


def test_a_correction_typed_at_the_same_instant_as_an_absence_keeps_its_last_day(either_library: Library) -> None:
    """The correction ends first: it is warned of at once, and not when the absence ends."""
    library, soon = either_library, date(2027, 3, 25)
    store = meanwhile(library, lambda: correct(library, "name", "Anna", until=soon))
    set_(library, "absence", "2027-03-20 2027-04-30", store=store)
    assert row(library)["local_due"] == library.clock.today() + timedelta(days=1)


def test_a_move_in_the_register_stays_behind_staffs_word(either_library: Library) -> None:
    """The record moves, and the net media keep what staff said."""
    library = either_library
    correct(library, "municipality", "0101")
    sent = library.outbox("ANNA")
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.night()
    assert library.record("ANNA").address == moves(person("ANNA"), "ODENSE").address
    assert row(library)["municipality"] == "0101"
    assert library.outbox("ANNA") == sent


def test_a_night_counts_no_harm_where_staffs_word_holds(either_library: Library) -> None:
    """With room for no new name at all, the night of a renamed patron goes on if hers is corrected."""
    library = either_library
    library.limit(Harm.NAME_REPLACED, 0)
    library.deliver(MONDAY, renames(person("ANNA")))
    correct(library, "name", "Anna Ny")
    report = library.night()
    assert report.planned.excess == ()
    assert library.record("ANNA").name == renames(person("ANNA")).name


def test_a_night_is_braked_where_it_does_not(library: Library) -> None:
    library.limit(Harm.NAME_REPLACED, 0)
    correct(library, "address", "Havnen 2")
    library.deliver(MONDAY, renames(person("ANNA")))
    assert [excess.harm for excess in library.one_night().planned.excess] == [Harm.NAME_REPLACED]
    assert library.record("ANNA") == person("ANNA")


def test_a_correction_during_a_night_makes_it_decide_again(library: Library) -> None:
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    sent = library.outbox("ANNA")
    library.night(DisturbedStore(library.store, lambda: correct(library, "municipality", "0101")))
    assert [told for _, told in library.outbox("ANNA")[len(sent) :]] == ["101"]
    assert row(library)["municipality"] == "0101"
    assert library.record("ANNA").address == moves(person("ANNA"), "ODENSE").address


# -- what is patron's or staff's -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "values"),
    [
        ("branch", "Risskov\n", {"branch": "Risskov"}),
        ("language", "en", {"language": "en"}),
        ("note_to_patron", "Kom og hent\ndin hue", {"note_to_patron": "Kom og hent\ndin hue"}),
        ("internal_note", "Ringer altid først", {"internal_note": "Ringer altid først"}),
        (
            "contact_address",
            "c/o Birk\nHavnen 2\n8000 Aarhus C",
            {"contact_address": ("c/o Birk", "Havnen 2", "8000 Aarhus C")},
        ),
        (
            "telephones",
            "+45 87 00 00 00\n*87000001",
            {"telephones": (Telephone("+4587000000"), Telephone("87000001", notices=True))},
        ),
        ("emails", "*anna@example.dk", {"emails": (Email("anna@example.dk", notices=True),)}),
        ("absence", "2027-04-01 2027-04-30", {"absence": Absence(date(2027, 4, 1), date(2027, 4, 30))}),
    ],
)
def test_a_field_of_hers_is_set_as_it_is_and_emptied_again(
    either_library: Library, field: str, text: str, values: dict[str, Any]
) -> None:
    library = either_library
    before = library.view("ANNA").local
    assert set_(library, field, text)["outcome"] == ("added" if field in LISTS else "set")
    assert library.view("ANNA").local == replace(before, **values)
    again = library.everything()
    assert set_(library, field, text)["outcome"] == "unchanged"
    assert library.everything() == again
    assert set_(library, field, None)["outcome"] == "set"
    assert library.view("ANNA").local == before
    kinds = [(entry["kind"], entry["actions"], entry["user"]) for entry in entries(library)]
    assert kinds == [("set", [field], "lone")] * 2


def test_a_pin_is_kept_as_a_hash_that_only_it_answers_to(either_library: Library) -> None:
    library = either_library
    assert set_(library, "pin", "246813579024\n")["outcome"] == "set"
    (card,) = library.view("ANNA").local.cards
    assert "$argon2id$v=19$m=19456,t=2,p=1$" in card.pin_hash
    assert is_pin(library.store._tenant, "246813579024", card.pin_hash)
    assert not is_pin(library.store._tenant, "246813579025", card.pin_hash)
    assert "246813579024" not in json.dumps(library.everything(), default=str).replace(card.pin_hash, "")
    assert set_(library, "pin", None)["outcome"] == "set"
    assert library.view("ANNA").local.cards == (Card("ANNA"),)


def test_a_right_guess_at_a_pin_is_answered_as_a_wrong_one_is(either_library: Library) -> None:
    """Neither the answer, nor the audit, nor what is written tells the two apart."""
    library = either_library
    set_(library, "pin", "2468")
    told, written = [], []
    for guess in ("2468", "1357", "1357"):
        before = library.view("ANNA").local.cards[0].pin_hash, row(library)["local_version"]
        told.append((set_(library, "pin", guess), entries(library)[-1] | {"at": None, "seq": None}))
        card = library.view("ANNA").local.cards[0]
        written.append((card.pin_hash != before[0], row(library)["local_version"] - before[1]))
        assert is_pin(library.store._tenant, guess, card.pin_hash)
    assert told[0] == told[1] == told[2]
    assert written == [(True, 1)] * 3
    assert len(entries(library)) == 4


def test_two_patrons_with_the_same_pin_have_different_hashes(library: Library) -> None:
    library.enrol("BO")
    hashes = set()
    for key in ("ANNA", "BO"):
        set_(library, "pin", "2468", key=key)
        hashes |= {card.pin_hash.rpartition("$")[2] for card in library.view(key).local.cards}
    assert len(hashes) == 2


def test_a_pin_that_was_hashed_with_a_lost_key_answers_to_nothing(library: Library) -> None:
    set_(library, "pin", "2468")
    (card,) = library.view("ANNA").local.cards
    lost = card.pin_hash.replace(card.pin_hash.partition(":")[0], "00000000")
    assert not is_pin(library.store._tenant, "2468", lost)
    assert not is_pin(library.store._tenant, "", "")


def test_a_patron_without_a_card_gets_no_pin(library: Library) -> None:
    library.store.imports.take_patrons([NewPatron(cpr("EDITH"), Local())])
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        set_(library, "pin", "2468", key="EDITH")
    assert refused.value.kind == "patron.no_card"
    assert library.everything() == before


def test_a_block_that_is_left_out_was_lifted_today_and_stays_for_a_while(either_library: Library) -> None:
    library = either_library
    lost, fees = Block(date(2027, 1, 2), "Mistet kort"), Block(date(2027, 2, 3), "Gebyrer")
    set_(library, "blocks", "2027-01-02 Mistet kort\n2027-02-03 Gebyrer")
    assert library.view("ANNA").local.blocks == (lost, fees)
    assert set_(library, "blocks", "2027-02-03 Gebyrer", doing=ListChange.REPLACE)["outcome"] == "set"
    lifted = replace(lost, lifted=library.clock.today())
    assert library.view("ANNA").local.blocks == (lifted, fees)
    assert set_(library, "blocks", "Gebyrer", doing=ListChange.REPLACE)["outcome"] == "unchanged"
    set_(library, "blocks", "2027-01-02 Mistet kort\n2027-02-03 Gebyrer")
    assert library.view("ANNA").local.blocks == (lifted, fees, lost)


def test_setting_what_is_hers_writes_nothing_of_the_registers(library: Library) -> None:
    before, version = library.everything(), row(library)["version"]
    set_(library, "note_to_patron", "Kom og hent din hue")
    after = library.everything()
    assert happened(after) - happened(before) == {("set", library.id_of("ANNA")): 1}
    changed = {name for name, rows in unowned(after).items() if rows != unowned(before)[name]}
    assert changed == {"patron"}
    assert row(library)["version"] == version
    assert b"hue".hex() not in json.dumps(after["audit"])


def test_the_calendar_hears_of_the_end_of_an_absence(library: Library) -> None:
    set_(library, "absence", "2027-04-01 2027-04-30")
    assert row(library)["local_due"] == date(2027, 5, 1)
    set_(library, "absence", "2027-04-01")
    assert row(library)["local_due"] is None


def test_a_branch_is_one_of_the_librarys_and_is_spelt_as_there(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, branches=("Hovedbiblioteket", "Risskov"))
    assert set_(library, "branch", "risskov")["outcome"] == "set"
    assert library.view("ANNA").local.branch == "Risskov"
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        set_(library, "branch", "Skjulested")
    assert refused.value.kind == "input.branch"
    assert "Hovedbiblioteket, Risskov" in refused.value.message
    assert "Skjulested" not in refused.value.message
    assert library.everything() == before
    assert set_(library, "branch", "Risskov")["outcome"] == "unchanged"
    assert set_(library, "branch", None)["outcome"] == "set"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("branch", "Risskov\nTilst"),
        ("branch", "x" * 65),
        ("language", "dansk"),
        ("contact_address", "1\n2\n3\n4\n5\n6"),
        ("contact_address", "x" * 35),
        ("telephones", "ring til mig"),
        ("telephones", "*87000000\n*87000001"),
        ("telephones", "\n".join(["87000000"] * 11)),
        ("emails", "anna"),
        ("emails", "anna@"),
        ("internal_note", "x" * 2001),
        ("absence", "i morgen"),
        ("absence", "2027-02-30"),
        ("absence", "2027-04-30 2027-04-01"),
    ],
)
def test_what_cannot_stand_in_a_field_of_hers_is_refused(library: Library, field: str, text: str) -> None:
    before = library.everything()
    with pytest.raises(BadInput) as refused:
        set_(library, field, text)
    assert refused.value.kind == "input.value"
    assert text not in refused.value.message
    assert library.everything() == before


def test_nothing_is_set_twice_by_a_second_delivery_day(library: Library) -> None:
    """A correction outlives the nights until its day, whatever they bring."""
    correct(library, "name", "Anna Ny")
    for day in (MONDAY, TUESDAY):
        library.deliver(day, person("ANNA"))
        library.night()
    assert states(library) == [("name", "live")]


def test_the_night_after_its_last_day_the_register_counts_again(either_library: Library) -> None:
    """She moved while staff's word held: the net media now hear where, and the row says so."""
    library = either_library
    correct(library, "municipality", "0101", until=TUESDAY)
    correct(library, "name", "Anna Ny")
    library.deliver(MONDAY, moves(person("ANNA"), "ODENSE"))
    library.night()
    assert (row(library)["municipality"], library.outbox("ANNA")[-1][1]) == ("0101", "101")
    library.deliver(TUESDAY)
    report = library.night()
    assert report.document()["calendar"]["override_ended"] == 1
    assert (row(library)["municipality"], library.outbox("ANNA")[-1][1]) == ("0461", "461")
    assert states(library) == [("municipality", "ended"), ("name", "live")]
    assert library.record("ANNA").address == moves(person("ANNA"), "ODENSE").address


def test_the_report_counts_what_holds_and_what_differs_of_it(either_library: Library) -> None:
    library = either_library
    library.policy = replace(library.policy, ladders=LADDERS)
    address = person("CLARA").address
    assert isinstance(address, Address)
    correct(library, "municipality", "0461")
    correct(library, "birth_date", "1985-05-04")
    correct(library, "address", "\n".join(label_lines(address)), key="CLARA")
    correct(library, "group", "Personale")
    library.deliver(MONDAY)
    assert library.night().document()["overrides"] == {"in_force": 4, "differ": 2}
    library.deliver(TUESDAY, moves(person("ANNA"), "ODENSE"))
    report = library.night()
    assert report.document()["overrides"] == {"in_force": 4, "differ": 1}
    assert any("Corrections from the desk: 4 hold, 1 differ" in line for line in report_lines(report.document(), "en"))


def test_a_report_without_corrections_says_nothing_of_them(library: Library) -> None:
    library.deliver(MONDAY)
    document = library.night().document()
    assert document["overrides"] == {"in_force": 0, "differ": 0}
    assert not any("Corrections" in line for line in report_lines(document, "en"))

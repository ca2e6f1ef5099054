"""What staff corrected: it wins visibly over the register until its day, then gives way; protection beats it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from people import dies, emigrates, having, moves, patron, person
from town import ANNA

from cprsync.domain.deciding.decide import Change, count_harm, decide
from cprsync.domain.patron.due import CalendarFacts
from cprsync.domain.patron.effective import (
    effective,
    find_differing,
    unpinned_group,
)
from cprsync.domain.patron.override import (
    ENDLESS,
    SEALED_FIELDS,
    CheckedAgainst,
    Overridden,
    Override,
    birth_in_force,
    culr_in_force,
    in_force,
    last_day_of,
    municipality_correction,
    municipality_in,
    municipality_in_force,
    seal_overrides,
    stands_in,
    value_of,
)
from cprsync.domain.patron.patron import AsOf, Patron, Source
from cprsync.domain.person.age import BirthDate, BirthSource, birth_date_of
from cprsync.domain.person.municipality import Residence
from cprsync.domain.person.number import CprNumber
from cprsync.domain.person.person import SILENT, Birth, Person, Status
from cprsync.domain.person.sealed import Address, Name, Opening, Sealed, label_lines
from cprsync.domain.policy.policy import AgeGroup, Harm, Ladder, Ladders, Policy

TODAY = date(2027, 3, 23)
UNTIL = date(2027, 5, 1)
DAY = timedelta(days=1)
#: a delivery speaks of the day before the night that takes it
YESTERDAYS = AsOf(TODAY - DAY, Source.FILE)
KNOWN = CheckedAgainst(frozenset({"0101", "0751", "0000"}), TODAY)
LADDER = Ladder(date(2000, 1, 1), (AgeGroup("Barn", 0), AgeGroup("Voksen", 18)))
POLICY = Policy(home=frozenset({"0751"}), ladders=Ladders((LADDER,)))
HOME, AWAY, UNKNOWN = Residence.RESIDENT, Residence.NOT_RESIDENT, Residence.UNKNOWN


def typed(field: Overridden, value: str | Sealed[str], **deviations: Any) -> Override:
    kept: dict[str, Any] = {"by": "lone", "reason": "Showed her papers", "since": TODAY, "until": UNTIL}
    return Override(field, value, **(kept | deviations))


COPENHAGEN = typed(Overridden.MUNICIPALITY, "0101")


def seen(who: Person, *overrides: Override, on: date = TODAY, group: str = "Voksen") -> Any:
    return effective(CalendarFacts("", who, group, overrides), POLICY, on=on)


# -- how long ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("day", "holds"), [(TODAY - DAY, False), (TODAY, True), (UNTIL, True), (UNTIL + DAY, False)])
def test_it_holds_from_its_first_to_its_last_day(day: date, *, holds: bool) -> None:
    assert COPENHAGEN.holds_on(day) is holds
    assert (in_force([COPENHAGEN], day) != {}) is holds


def test_the_register_is_in_force_again_the_day_after() -> None:
    assert COPENHAGEN.gives_way == UNTIL + DAY


def test_one_without_an_end_never_gives_way_and_is_not_warned_of() -> None:
    pin = typed(Overridden.GROUP, "Voksen", until=None)
    assert (pin.gives_way, pin.warns(14)) == (None, None)
    assert pin.holds_on(date(2199, 12, 31))


def test_its_end_is_announced_so_many_days_before_but_never_before_it_begins() -> None:
    assert COPENHAGEN.warns(14) == UNTIL - timedelta(days=14)
    assert COPENHAGEN.warns(366) == TODAY


def test_of_two_the_later_one_counts() -> None:
    earlier = typed(Overridden.MUNICIPALITY, "0751", since=TODAY - DAY, id=9)
    assert in_force([COPENHAGEN, earlier], TODAY) == {Overridden.MUNICIPALITY: COPENHAGEN}


def test_of_two_on_one_day_the_one_stored_later_counts() -> None:
    second = typed(Overridden.MUNICIPALITY, "0751", id=2)
    first = typed(Overridden.MUNICIPALITY, "0101", id=1)
    assert municipality_in(in_force([second, first], TODAY)) == "0751"


def test_the_earlier_one_counts_until_the_later_one_begins() -> None:
    later = typed(Overridden.MUNICIPALITY, "0751", since=UNTIL)
    assert municipality_in(in_force([COPENHAGEN, later], UNTIL - DAY)) == "0101"
    assert municipality_in(in_force([COPENHAGEN, later], UNTIL)) == "0751"


def test_fields_do_not_mix() -> None:
    holding = in_force([COPENHAGEN, typed(Overridden.BIRTH_DATE, "1985-04-05")], TODAY)
    assert birth_in_force(person("ANNA"), holding) == BirthDate(date(1985, 4, 5), BirthSource.STAFF)
    assert municipality_in(holding) == "0101"
    assert birth_in_force(person("ANNA"), {}) == birth_date_of(person("ANNA"))


def test_it_prints_no_value_and_no_reason() -> None:
    assert repr(typed(Overridden.NAME, "Anna Ny")) == "Override(name, …)"


def test_a_sealed_correction_is_read_by_no_rule() -> None:
    """Else a rule could tell what it says: only the store opens one, before a rule is asked."""
    sealed = typed(Overridden.MUNICIPALITY, Sealed("0101"))
    assert COPENHAGEN.text == "0101"
    with pytest.raises(TypeError, match="read by no rule") as error:
        municipality_in(in_force([sealed], TODAY))
    assert "0101" not in str(error.value)


def test_value_and_reason_are_sealed_where_the_field_is_and_stay_open_elsewhere() -> None:
    name = typed(Overridden.NAME, "Anna Ny")
    shut = seal_overrides([name, COPENHAGEN], SEALED_FIELDS)
    assert shut == (replace(name, value=Sealed("Anna Ny"), reason=Sealed("Showed her papers")), COPENHAGEN)
    assert [isinstance(one.value, Sealed) for one in shut] == [True, False]
    assert [isinstance(one.reason, Sealed) for one in shut] == [True, False]
    # once more seals nothing twice
    (again, _) = seal_overrides(shut, SEALED_FIELDS)
    assert isinstance(again.value, Sealed)
    assert again.value.open(Opening()) == "Anna Ny"


# -- the last day ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", [field for field in Overridden if field not in ENDLESS])
def test_a_correction_needs_a_last_day(field: Overridden) -> None:
    with pytest.raises(ValueError, match="needs its last day"):
        last_day_of(field, None, on=TODAY, max_days=366)


def test_a_pinned_group_may_stay_and_may_end_when_it_likes() -> None:
    far = TODAY + timedelta(days=4000)
    assert last_day_of(Overridden.GROUP, None, on=TODAY, max_days=366) is None
    assert last_day_of(Overridden.GROUP, far, on=TODAY, max_days=366) == far


def test_a_correction_holds_no_longer_than_the_policy_lets_it() -> None:
    last = TODAY + timedelta(days=30)
    assert last_day_of(Overridden.NAME, last, on=TODAY, max_days=30) == last
    with pytest.raises(ValueError, match="30 days"):
        last_day_of(Overridden.NAME, last + DAY, on=TODAY, max_days=30)


@pytest.mark.parametrize("field", [Overridden.NAME, Overridden.GROUP])
def test_a_last_day_that_has_passed_is_refused(field: Overridden) -> None:
    assert last_day_of(field, TODAY, on=TODAY, max_days=30) == TODAY
    with pytest.raises(ValueError, match="has passed"):
        last_day_of(field, TODAY - DAY, on=TODAY, max_days=30)


# -- what may be typed --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (Overridden.NAME, "  Anna Å\n", "Anna \N{LATIN CAPITAL LETTER A WITH RING ABOVE}"),
        (Overridden.NAME, "A\N{COMBINING RING ABOVE}se", "\N{LATIN CAPITAL LETTER A WITH RING ABOVE}se"),
        (Overridden.NAME, "x" * 34, "x" * 34),
        (Overridden.ADDRESS, "c/o Birk\r\n\n Havnen 2 \n8000 Aarhus C", "c/o Birk\nHavnen 2\n8000 Aarhus C"),
        (Overridden.ADDRESS, "1\n2\n3\n4\n5", "1\n2\n3\n4\n5"),
        (Overridden.BIRTH_DATE, "1985-04-05", "1985-04-05"),
        (Overridden.BIRTH_DATE, TODAY.isoformat(), TODAY.isoformat()),
        (Overridden.BIRTH_DATE, "1897-01-02", "1897-01-02"),
        (Overridden.MUNICIPALITY, "751", "0751"),
        (Overridden.MUNICIPALITY, "0101", "0101"),
        (Overridden.GROUP, "Personale", "Personale"),
        (Overridden.GROUP, "x" * 64, "x" * 64),
    ],
)
def test_what_is_typed_is_kept_in_its_canonical_form(field: Overridden, text: str, value: str) -> None:
    assert value_of(field, text, KNOWN) == value


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        (Overridden.NAME, "", "one line"),
        (Overridden.NAME, " \n ", "one line"),
        (Overridden.NAME, "Anna\nBo", "one line"),
        (Overridden.NAME, "x" * 35, "34 characters"),
        (Overridden.ADDRESS, "1\n2\n3\n4\n5\n6", "up to 5"),
        (Overridden.ADDRESS, "1\n" + "x" * 35, "34 characters"),
        (Overridden.BIRTH_DATE, "5/4", "2027-04-10"),
        (Overridden.BIRTH_DATE, "1985-W14-5", "2027-04-10"),
        (Overridden.BIRTH_DATE, "5/4-15", "four digits"),
        (Overridden.BIRTH_DATE, "1985-02-29", "no such day"),
        (Overridden.BIRTH_DATE, "2027-03-24", "who lives today"),
        (Overridden.BIRTH_DATE, "1896-12-31", "who lives today"),
        (Overridden.MUNICIPALITY, "0999", "no Danish municipality"),
        (Overridden.MUNICIPALITY, "Aarhus", "no Danish municipality"),
        (Overridden.MUNICIPALITY, "٠٧٥١", "no Danish municipality"),
        (Overridden.GROUP, "x" * 65, "64 characters"),
    ],
)
def test_what_cannot_stand_in_the_field_is_refused_without_being_quoted(field: Overridden, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        value_of(field, text, KNOWN)
    assert not text.strip() or text not in str(refused.value)
    assert refused.value.__cause__ is None


# -- what is in force ---------------------------------------------------------------------------------------


def test_staffs_municipality_wins_until_its_day_and_then_gives_way() -> None:
    held, over = seen(person("ANNA"), COPENHAGEN, on=UNTIL), seen(person("ANNA"), COPENHAGEN, on=UNTIL + DAY)
    assert (held.municipality, held.residence, held.culr) == ("0101", AWAY, "101")
    assert (over.municipality, over.residence, over.culr) == ("0751", HOME, "751")


def test_the_registers_part_is_not_touched() -> None:
    anna = person("ANNA")
    seen(anna, COPENHAGEN)
    assert anna == person("ANNA")


def test_her_move_changes_nothing_while_staffs_word_holds() -> None:
    assert seen(moves(person("ANNA")), COPENHAGEN).culr == "101"


@pytest.mark.parametrize("status", [Status(code) for code in ("05", "07", "20", "80", "90")])
def test_a_status_that_ends_residence_ends_it_whatever_staff_typed(status: Status) -> None:
    gone = seen(having(person("ANNA"), status=status), typed(Overridden.MUNICIPALITY, "0751"))
    assert (gone.residence, gone.culr) == (AWAY, "")


@pytest.mark.parametrize(
    "groups",
    [
        {"status": SILENT, "address": SILENT},
        {"status": Status.RESIDENT, "address": SILENT},
        {"status": Status.DISAPPEARED},
        {"address": Address("0000", "0001")},
    ],
)
def test_staffs_word_makes_known_what_the_register_does_not_know(groups: dict[str, Any]) -> None:
    unknown = having(person("ANNA"), **groups)
    assert (seen(unknown).residence, seen(unknown).culr) == (UNKNOWN, None)
    known = seen(unknown, typed(Overridden.MUNICIPALITY, "0751"))
    assert (known.residence, known.culr) == (HOME, "751")


@pytest.mark.parametrize("status", [Status(code) for code in ("30", "50", "60")])
def test_a_number_that_is_nobodys_is_not_told_to_the_net_media(status: Status) -> None:
    replaced = seen(having(person("ANNA"), status=status), COPENHAGEN)
    assert (replaced.residence, replaced.culr) == (AWAY, None)


def test_of_whoever_has_no_cpr_number_the_net_media_are_told_what_staff_know() -> None:
    """She stands there under her patron number (decision 11)."""
    made = Person(CprNumber.parse_any(f"{ANNA[:6]}KOT1"))
    assert (seen(made).residence, seen(made).culr) == (UNKNOWN, None)
    assert (seen(made, COPENHAGEN).residence, seen(made, COPENHAGEN).culr) == (AWAY, "101")


def test_a_place_that_is_no_residence_stays_unknown() -> None:
    assert seen(person("ANNA"), typed(Overridden.MUNICIPALITY, "0000")).residence is UNKNOWN


def test_a_greenland_that_staff_typed_before_it_was_refused_is_a_deliberate_empty() -> None:
    assert culr_in_force(person("ANNA"), {Overridden.MUNICIPALITY: typed(Overridden.MUNICIPALITY, "0957")}) == ""


def test_without_a_correction_the_register_is_in_force() -> None:
    anna = person("ANNA")
    assert municipality_in_force(anna, {}) == "0751"
    assert seen(anna).birth.source is BirthSource.REGISTER
    assert seen(anna).group == "Voksen"


def test_staffs_birth_date_decides_age_and_group() -> None:
    child = seen(person("ANNA"), typed(Overridden.BIRTH_DATE, "2020-01-02"))
    assert (child.birth.day, child.birth.source) == (date(2020, 1, 2), BirthSource.STAFF)
    assert child.group == "Barn"


def test_a_pinned_group_wins_over_age_and_gives_way_to_it() -> None:
    pin = typed(Overridden.GROUP, "Barn")
    assert seen(person("ANNA"), pin).group == "Barn"
    assert seen(person("ANNA"), pin, group="Barn", on=UNTIL + DAY).group == "Voksen"


# -- harm ---------------------------------------------------------------------------------------------------


def harms(after: Person, *overrides: Override, **deviations: Any) -> tuple[Harm, ...]:
    hers = having_patron(overrides=overrides, **deviations)
    decision = decide(after, hers, as_of=YESTERDAYS)
    assert isinstance(decision, Change)
    return count_harm(decision, hers, TODAY).harms


def having_patron(**deviations: Any) -> Patron:
    return replace(patron("ANNA"), **deviations)


RENAMED = having(person("ANNA"), name=Name("Anna Birk", "Anna", "", "Birk"))
NAME, ADDRESS = typed(Overridden.NAME, "Anna Ny"), typed(Overridden.ADDRESS, "Havnen 2\n8000 Aarhus C")


@pytest.mark.parametrize(
    ("after", "override", "without", "within"),
    [
        (RENAMED, NAME, {Harm.NAME_REPLACED, Harm.CHANGED}, set()),
        (moves(person("ANNA")), ADDRESS, {Harm.CHANGED}, set()),
        (moves(person("ANNA")), NAME, {Harm.CHANGED}, {Harm.CHANGED}),
        (emigrates(person("ANNA")), COPENHAGEN, None, None),
        (dies(person("ANNA")), ADDRESS, None, None),
    ],
)
def test_only_what_changes_in_force_counts_as_harm(
    after: Person, override: Override, without: set[Harm] | None, within: set[Harm] | None
) -> None:
    """A brake counts what the night would do to people (decision 19)."""
    if without is not None:
        assert set(harms(after)) == without
    assert set(harms(after, override)) == (set(harms(after)) if within is None else within)


def test_no_right_is_lost_where_staff_say_that_she_still_lives_in_denmark() -> None:
    gone = having(person("ANNA"), address=Address("0955", "0001", house="1"))
    assert Harm.ENTITLEMENT_LOST in harms(gone)
    assert Harm.ENTITLEMENT_LOST not in harms(gone, COPENHAGEN)


def test_a_right_that_only_staffs_word_gave_is_lost_with_an_emigration() -> None:
    unknown = having(person("ANNA"), status=Status.DISAPPEARED)
    assert Harm.ENTITLEMENT_LOST not in harms(emigrates(person("ANNA")), register=unknown)
    assert Harm.ENTITLEMENT_LOST in harms(emigrates(person("ANNA")), COPENHAGEN, register=unknown)


def test_a_first_copy_harms_nobody_whatever_staff_typed() -> None:
    first = patron("ANNA", name=Name("Ukendt"))
    unverified = replace(first, as_of=None, overrides=(ADDRESS,))
    decision = decide(RENAMED, unverified, as_of=YESTERDAYS)
    assert isinstance(decision, Change)
    assert count_harm(decision, unverified, TODAY).harms == ()


def test_a_correction_that_is_over_hides_no_harm() -> None:
    over = typed(Overridden.NAME, "Anna Ny", since=TODAY - DAY, until=TODAY - DAY)
    assert set(harms(RENAMED, over)) == {Harm.NAME_REPLACED, Harm.CHANGED}


def test_a_birth_date_is_corrected_in_the_record_whatever_staff_typed() -> None:
    decision = decide(
        having(person("ANNA"), birth=Birth(date(1986, 1, 2))),
        having_patron(overrides=(typed(Overridden.BIRTH_DATE, "1985-04-05"),)),
        as_of=YESTERDAYS,
    )
    assert isinstance(decision, Change)
    assert decision.after.birth == Birth(date(1986, 1, 2))


# -- reported while it differs ------------------------------------------------------------------------------

AS_REGISTERED = {
    Overridden.BIRTH_DATE: "1985-05-04",
    Overridden.MUNICIPALITY: "0751",
    Overridden.GROUP: "Voksen",
}
OTHERWISE = {
    Overridden.NAME: "Anna Ny",
    Overridden.BIRTH_DATE: "1985-04-05",
    Overridden.ADDRESS: "Havnen 2\n8000 Aarhus C",
    Overridden.MUNICIPALITY: "0101",
    Overridden.GROUP: "Personale",
}


def reported(*overrides: Override, on: date = TODAY, **deviations: Any) -> set[Overridden]:
    hers = having_patron(overrides=overrides, group="Voksen", **deviations)
    return set(find_differing(hers, policy=POLICY, on=on))


@pytest.mark.parametrize("field", Overridden)
def test_a_correction_is_reported_while_it_differs_and_no_longer_than_it_holds(field: Overridden) -> None:
    other = typed(field, OTHERWISE[field])
    assert reported(other) == {field}
    assert reported(other, on=UNTIL + DAY) == set()


@pytest.mark.parametrize("field", Overridden)
def test_a_correction_that_the_register_has_caught_up_with_is_not_reported(field: Overridden) -> None:
    name, address = person("ANNA").name, person("ANNA").address
    assert isinstance(name, Name)
    assert isinstance(address, Address)
    same = AS_REGISTERED | {Overridden.NAME: name.addressing, Overridden.ADDRESS: "\n".join(label_lines(address))}
    assert reported(typed(field, same[field])) == set()


@pytest.mark.parametrize("field", [field for field in Overridden if field is not Overridden.GROUP])
def test_a_correction_of_what_the_register_does_not_know_is_reported(field: Overridden) -> None:
    silent = Person(person("ANNA").number)
    assert reported(typed(field, OTHERWISE[field]), register=silent) == {field}


def test_a_pin_differs_from_the_group_that_age_gives_also_while_it_is_in_the_row() -> None:
    pin = typed(Overridden.GROUP, "Personale")
    hers = having_patron(overrides=(pin, NAME), group="Personale")
    assert unpinned_group(hers, policy=POLICY, on=TODAY) == "Voksen"
    assert Overridden.GROUP in find_differing(hers, policy=POLICY, on=TODAY)


def test_where_somebody_without_a_number_lives_holds_until_a_register_knows_them() -> None:
    said = municipality_correction("0751", by="lone", on=TODAY)
    assert stands_in(said)
    assert not stands_in(replace(said, until=UNTIL))
    assert not stands_in(Override(Overridden.GROUP, "Voksen", "lone", "", TODAY))

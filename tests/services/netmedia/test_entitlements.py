"""`entitlements show`: what a patron may use of the net media and why, by what the store holds of her."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import said_yes
from culr_double import CulrDouble
from doubles import MONDAY, TUESDAY, WEDNESDAY
from test_responsibles import add
from test_setting import set_
from townspeople import dies, emigrates, gains_protection, moves, person

from cprsync.documents import document_of
from cprsync.domain.netmedia.right_rule import ChangeCause, RightByRule
from cprsync.domain.patron.local import Stage
from cprsync.domain.patron.patron import PatronKind
from cprsync.domain.person.municipality import Residence
from cprsync.domain.person.person import Birth, Status, silence_by_status
from cprsync.domain.policy.product import LicensedBy, Product, Products
from cprsync.domain.wording import Wording
from cprsync.errors import BadInput, NetMediaUnavailable
from cprsync.language.netmedia import entitlement_lines
from cprsync.municipalities import load_municipalities
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.netmedia.entitlements import Entitlements, MunicipalityInForce, ShownRights
from cprsync.services.ports.netmedia import AccountState, CardCounts

if TYPE_CHECKING:
    from doubles import Library


BOOKS = Product("ereolen", Wording("eReolen", "eReolen (books)"), date(2000, 1, 1), LicensedBy.MUNICIPALITY)
FILMS = replace(BOOKS, name="film", title=Wording("Film", "Films"), licensed=frozenset({"0751"}), from_age=15)


#: Where somebody lives of whom the register has not told.
NOWHERE = MunicipalityInForce(None, None, Residence.UNKNOWN, None, None)


def told(library: Library, key: str = "ANNA", **asked: Any) -> ShownRights:
    """Her rights; asking for them writes nothing."""
    library.policy = replace(library.policy, home=frozenset({"0751"}), products=Products((BOOKS, FILMS)))
    before = library.everything()
    shown = Entitlements(library, load_municipalities()).shown(library.id_of(key), **asked)
    assert library.everything() == before
    return shown


def answers(shown: ShownRights) -> list[tuple[str, str]]:
    return [(right.answer.value, right.rule.value) for right in shown.rights]


def test_rights_are_shown_with_municipality_rule_fact_and_days(either_library: Library) -> None:
    library = either_library
    document = document_of(told(library))
    since = library.store.views.patron(library.id_of("ANNA")).since["first_copy"].isoformat()
    assert document["municipality"] == {
        "code": "0751",
        "name": "Aarhus",
        "residence": "resident",
        "source": "lookup",
        "since": since,
    }
    assert set(document) == {"patron", "day", "kind", "standing", "municipality", "rights", "culr"}
    books, _ = document["rights"]
    assert {key: value for key, value in books.items() if key not in {"text", "why", "change"}} == {
        "product": "ereolen",
        "title": {"da": "eReolen", "en": "eReolen (books)"},
        "answer": "yes",
        "rule": "municipality",
        "fact": "municipality 0751",
        "valid_from": since,
        "until": None,
        "withheld": False,
        "from_age": None,
        "changes_when": "move",
    }
    assert books["text"]["da"].startswith("Ja: bopælskommunen har licens. Ændres, når låneren flytter")
    assert books["text"]["en"].startswith("Yes: the municipality of residence holds a licence.")
    known = {"sent", "confirmed", "pending", "deleting", "refused", "checked_at", "account", "cards"}
    assert set(document["culr"]) == known


def test_a_protected_patron_who_moves_has_the_rights_of_her_new_municipality(library: Library) -> None:
    assert answers(told(library, "BO")) == answers(told(library))
    library.deliver(MONDAY, gains_protection(moves(person("BO"), "KOEBENHAVN")))
    library.one_night()
    shown = told(library, "BO")
    assert shown.municipality.code == "0101"
    assert shown.municipality.since == shown.day
    assert answers(shown) == [("yes", "municipality"), ("undecided", "licence_unknown")]
    everything = json.dumps(document_of(shown), ensure_ascii=False)
    assert not any(word in everything for word in ("Thygesen", "Ravnesporet", "Kastanjeløkken", "1211791283"))


def test_a_protected_childs_rights_do_not_tell_the_birth_date(library: Library) -> None:
    """Neither the last day before 15 nor the day of the answer, asked for once a day, leads to the birthday."""
    born = date(2012, 5, 4)
    library.deliver(MONDAY, replace(person("ANNA"), birth=Birth(born)))
    library.one_night()
    assert told(library).rights[1].until == date(2027, 5, 3)
    library.deliver(TUESDAY, replace(gains_protection(person("ANNA")), birth=Birth(born)))
    library.one_night()
    shown = told(library)
    film = shown.rights[1]
    assert answers(shown)[1] == ("no", "too_young")
    assert (film.changes_when, film.until, film.withheld) == (ChangeCause.BIRTHDAY, None, True)
    assert not any(day in json.dumps(document_of(shown)) for day in ("2012", "05-03", "05-04"))
    assert told(library, on=library.clock.today()) == shown
    with pytest.raises(BadInput, match="sealed"):
        told(library, on=date(2027, 5, 4))


def test_rights_close_at_death_and_open_again_when_it_is_annulled(library: Library) -> None:
    before = answers(told(library))
    library.deliver(MONDAY, dies(person("ANNA")))
    library.one_night()
    assert answers(told(library)) == [("no", "dead")] * 2
    assert told(library).rights[0].valid_from == told(library).day
    # an annulled number is no annulment of the death
    library.deliver(TUESDAY, silence_by_status(replace(person("ANNA"), status=Status.ANNULLED)))
    library.one_night()
    assert answers(told(library)) == [("no", "dead")] * 2
    library.deliver(WEDNESDAY, person("ANNA"))
    library.one_night()
    assert answers(told(library)) == before


def test_abroad_the_answer_is_no_and_says_by_which_status(library: Library) -> None:
    library.deliver(MONDAY, emigrates(person("ANNA")))
    library.one_night()
    shown = told(library)
    assert answers(shown) == [("no", "elsewhere")] * 2
    assert shown.rights[0].fact == "status 80"
    assert shown.municipality.residence is Residence.NOT_RESIDENT


def test_of_someone_the_register_has_not_told_of_nothing_is_decided(new_library: Library) -> None:
    new_library.enrol("ANNA")
    shown = told(new_library)
    assert answers(shown) == [("undecided", "residence_unknown")] * 2
    assert shown.municipality == NOWHERE


def test_a_municipality_typed_at_the_desk_counts_from_its_day_to_its_last(library: Library) -> None:
    today = library.clock.today()
    set_(library, "municipality", "0101", reason="Viste lejekontrakt", until=today + timedelta(days=30))
    shown = told(library)
    assert (shown.municipality.source, shown.municipality.since) == ("staff", today)
    film = shown.rights[1]
    assert (film.answer, film.until) == (RightByRule.UNDECIDED, today + timedelta(days=30))
    later = told(library, on=today + timedelta(days=31))
    assert later.municipality.code == "0751"
    assert answers(later)[1] == ("yes", "municipality")


def test_someone_who_only_answers_for_a_minor_has_no_rights(library: Library) -> None:
    library.enrol("LIV")
    library.register.knows(person("LIV"), person("QUINNIE"))
    library.deliver(MONDAY)
    library.one_night()
    add(library, "LIV", "QUINNIE")
    assert answers(told(library, "QUINNIE")) == [("no", "no_borrower")] * 2


def test_a_closed_record_has_no_rights_and_says_so(library: Library) -> None:
    patron = library.id_of("ANNA")
    said_yes.leave(LeavingDesk(library, "lone"), patron)
    library.policy = replace(library.policy, products=Products((BOOKS,)))
    shown = Entitlements(library, load_municipalities()).shown(patron)
    assert (shown.standing, answers(shown)) == (Stage.CLOSED, [("no", "closed")])
    assert shown.municipality.code is None


@pytest.mark.parametrize(("merged_into", "kind"), [(None, "patron.unknown"), ("40817263", "patron.merged")])
def test_nobody_and_whoever_was_merged_are_refused(library: Library, merged_into: str | None, kind: str) -> None:
    def found(_patron_id: str) -> Any:
        view = library.store.views.patron(library.id_of("ANNA"))
        return merged_into and replace(view, merged_into=merged_into, stage=Stage.ACTIVE)

    def nobody_is_asked_about(_patron_id: str) -> Any:
        raise AssertionError("nobody is asked about")

    shell: Any = SimpleNamespace(
        views=SimpleNamespace(patron=found),
        leaving=SimpleNamespace(was_given=lambda _: False),
        outbox=SimpleNamespace(account_state=nobody_is_asked_about),
    )
    with pytest.raises(BadInput) as refused:
        Entitlements(library.ports(shell), load_municipalities()).shown("00000000")
    assert refused.value.kind == kind


# -- as text -------------------------------------------------------------------------------------------------


def without_rights(**said: Any) -> ShownRights:
    """Someone without products."""
    nothing = {"municipality": NOWHERE, "rights": (), "culr": AccountState()}
    return ShownRights(
        patron="1", day=date(2027, 3, 22), kind=PatronKind.PERSON, standing=Stage.ACTIVE, **{**nothing, **said}
    )


def lines(shown: ShownRights, language: Any = "da") -> list[str]:
    return list(entitlement_lines(shown, language))


def test_while_a_goodbye_waits_no_municipality_is_said_to_be_sent(library: Library) -> None:
    net_media = library.net_media = CulrDouble()
    library.one_night()
    net_media.down = NetMediaUnavailable("no answer")
    patron = library.id_of("ANNA")
    said_yes.leave(LeavingDesk(library, "lone"), patron)
    library.one_night()
    state = library.store.outbox.account_state(patron)
    assert (state.sent, state.confirmed, state.pending, state.deleting) == ("751", "751", 1, True)


def test_as_text_the_answer_comes_first_then_why_then_what_changes_it(library: Library) -> None:
    set_(library, "birth_date", "2012-04-03", reason="Pas", until=library.clock.today() + timedelta(days=60))
    shown = told(library)
    assert lines(shown) == [
        f"Låner {shown.patron} den 20. marts 2027: ret til netmedier",
        "  Kommune: Aarhus (0751), hjemmehørende her; fra CPR siden 20. marts 2027",
        "  eReolen: Ja, bopælskommunen har licens.",
        "      Gælder her siden 20. marts 2027. Ændres, når låneren flytter til en anden kommune.",
        "  Film: Nej, for ung. Åbner 3. april 2027 (15 år).",
        "  En flytning gælder for nye lån fra den dag; lån, der er i gang, røres ikke.",
        "  Netmedierne (CULR) har intet, der er bekræftet endnu; ændringer, der venter på at blive sendt: 1.",
    ]
    assert lines(shown, "en")[4] == "  Films: No, too young. Opens 3 April 2027 (15 years)."


@pytest.mark.parametrize(
    ("culr", "danish"),
    [
        ({"account": False, "pending": 0}, "Netmedierne (CULR): ingen konto kendt."),
        (
            {"account": False, "pending": 1, "sent": None},
            "Netmedierne (CULR) har intet, der er bekræftet endnu; ændringer, der venter på at blive sendt: 1.",
        ),
        (
            {"sent": "751", "confirmed": "751", "checked_at": datetime(2027, 3, 22, 23, 30, tzinfo=UTC)},
            "Netmedierne (CULR) har Aarhus (0751); senest bekræftet 23. marts 2027.",
        ),
        (
            {"sent": "", "confirmed": "101"},
            "Netmedierne (CULR) har København (0101); sendt er ingen kommune, med vilje.",
        ),
        (
            {"sent": "101", "confirmed": "101", "refused": "ILLEGAL_ARGUMENT"},
            (
                "Netmedierne (CULR) har København (0101); "
                "en ændring blev afvist (ILLEGAL_ARGUMENT), og en sag venter på personalet."
            ),
        ),
        (
            {"sent": "101", "confirmed": "101", "pending": 1, "deleting": True},
            (
                "Netmedierne (CULR) har København (0101); "
                "kontoen skal slettes dér; ændringer, der venter på at blive sendt: 1."
            ),
        ),
        (
            {"sent": "101", "confirmed": "101", "cards": CardCounts(2, 1, 1, 1)},
            (
                "Netmedierne (CULR) har København (0101); kort, der logger ind: 1; "
                "kort, der er på vej til at kunne det eller miste det: 1."
            ),
        ),
        (
            {"sent": "101", "confirmed": "101", "cards": CardCounts(2, 2, 2, 0)},
            "Netmedierne (CULR) har København (0101); kort, der logger ind: 2.",
        ),
    ],
)
def test_as_text_culr_is_told_by_what_it_has_and_has_still_to_hear(culr: dict[str, Any], danish: str) -> None:
    state = AccountState(**{"account": True, **culr})
    assert lines(without_rights(culr=state)) == [
        "Låner 1 den 22. marts 2027: ret til netmedier",
        "  Kommune: ikke kendt, bopæl ukendt",
        "  Bibliotekets regler har ingen netmedier.",
        f"  {danish}",
    ]


@pytest.mark.parametrize(
    ("deviations", "danish"),
    [
        ({}, "Kommune: Aarhus (0751), hjemmehørende her; fra CPR"),
        (
            {"residence": Residence.NOT_RESIDENT, "source": "staff"},
            "(0751), ikke hjemmehørende her; rettet ved skranken",
        ),
        ({"source": "lookup"}, "Kommune: Aarhus (0751), hjemmehørende her; fra CPR"),
    ],
)
def test_as_text_the_municipality_has_its_name_and_whose_word_it_is(deviations: dict[str, Any], danish: str) -> None:
    where = MunicipalityInForce("0751", "Aarhus", Residence.RESIDENT, "file", None)
    assert lines(without_rights(municipality=replace(where, **deviations)))[1].endswith(danish)

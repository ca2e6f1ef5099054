"""Registration through the API: a preview, what is typed beside it, and one yes; also while the register is down."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from callers import calling, everything, records, refusal
from doubles import MONDAY
from test_box import patron_of
from test_one_screen import answering_for, goes_down
from townspeople import cpr, dies, gains_protection, moves, person

from cprsync.domain.person.person import Birth
from cprsync.domain.person.sealed import Name
from cprsync.errors import RegisterUnavailable

if TYPE_CHECKING:
    from browser import Served
    from callers import Caller

BESIDE = {
    "cards": ["K900"],
    "pin": "2468",
    "telephones": ["20304050"],
    "emails": ["edith@example.dk"],
    "notices": ["20304050"],
}
#: A child of the town, whom ANNA, a patron, may answer for, or EDITH, who is none.
CHILD = "LIV"


def preview(api: Caller, key: str, purpose: str = "registration") -> dict[str, Any]:
    shown: dict[str, Any] = api.post(
        "/registrations/preview", {"cpr_number": cpr(key).digits, "purpose": purpose}
    ).json()
    return shown


def test_a_preview_writes_nobody_and_one_yes_writes_what_was_shown(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person("EDITH"))
    shown = preview(api, "EDITH")
    assert shown["shown"]["fields"]["name"]["value"] == person("EDITH").name.addressing
    assert desk.library.store.patrons.find(cpr("EDITH")) is None
    written = api.post("/registrations/confirm", {"key": shown["key"], "beside": BESIDE}).json()
    patron = patron_of(desk, "EDITH")
    assert (written["written"]["patron"], written["written"]["written"], written["told"]) == (patron, True, True)
    local = desk.library.store.views.patron(patron).local
    assert [(one.number, bool(one.pin_hash)) for one in local.cards] == [("K900", True)]
    assert [(one.number, one.notices) for one in local.telephones] == [("20304050", True)]
    assert [one.notices for one in local.emails] == [False]
    assert desk.site.told == [patron]
    assert desk.library.register.looked_up == [cpr("EDITH")]


@pytest.mark.parametrize("wrong", [{"notices": ["30405060"]}, {"telephones": ["*20304050"]}])
def test_notices_name_what_is_typed_beside_and_nothing_else(desk: Served, api: Caller, wrong: dict[str, Any]) -> None:
    desk.library.register.knows(person("EDITH"))
    yes = {"key": preview(api, "EDITH")["key"], "beside": BESIDE | wrong}
    before = everything(desk)
    refusal(api.post("/registrations/confirm", yes), 422, "request.notices")
    assert everything(desk) == before


def test_the_same_yes_twice_writes_one_patron_and_is_answered_alike(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person("EDITH"))
    key = preview(api, "EDITH")["key"]
    first = api.post("/registrations/confirm", {"key": key}).json()
    assert first["written"]["written"]
    before = everything(desk)
    assert api.post("/registrations/confirm", {"key": key}).json() == first
    assert everything(desk) == before
    assert desk.site.told == [patron_of(desk, "EDITH")]


def test_the_same_yes_twice_at_once_writes_one_patron(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person("EDITH"))
    yes = {"key": preview(api, "EDITH")["key"], "beside": BESIDE}
    with ThreadPoolExecutor(2) as both:
        answers = [one.json() for one in both.map(lambda _: api.post("/registrations/confirm", yes), range(2))]
    assert answers[0] == answers[1]
    assert answers[0]["written"]["patron"] == patron_of(desk, "EDITH")
    assert desk.site.told == [patron_of(desk, "EDITH")]


def test_a_yes_whose_telling_broke_off_writes_nothing_more_when_it_is_sent_again(
    desk: Served, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_: str) -> bool:
        raise RuntimeError

    desk.library.register.knows(person("EDITH"))
    key = preview(api, "EDITH")["key"]
    monkeypatch.setattr(desk.site, "publish_patron", breaks)
    assert api.post("/registrations/confirm", {"key": key}).status_code == 500
    monkeypatch.undo()
    before = everything(desk)
    again = api.post("/registrations/confirm", {"key": key}).json()
    assert (again["written"]["patron"], again["told"]) == (patron_of(desk, "EDITH"), False)
    assert everything(desk) == before


def test_news_of_a_patron_is_written_by_the_yes(desk: Served, api: Caller) -> None:
    desk.library.register.knows(moves(person("CLARA")))
    shown, before = preview(api, "CLARA", "correction"), desk.library.store.views.patron(patron_of(desk, "CLARA"))
    assert shown["shown"]["actions"] == ["move"]
    refusal(api.post("/registrations/confirm", {"key": shown["key"], "beside": BESIDE}), 422, "confirm.beside")
    assert desk.library.store.views.patron(before.patron.id) == before
    assert api.post("/registrations/confirm", {"key": shown["key"]}).json()["written"]["written"]
    assert desk.library.store.views.patron(before.patron.id).register.address == moves(person("CLARA")).address


def test_a_warning_that_stops_needs_a_reason(desk: Served, api: Caller) -> None:
    desk.library.register.knows(dies(person("EDITH")))
    shown = preview(api, "EDITH")
    assert shown["shown"]["preview"]["needs_reason"]
    refusal(api.post("/registrations/confirm", {"key": shown["key"]}), 409, "confirm.reason")
    assert desk.library.store.patrons.find(cpr("EDITH")) is None
    assert desk.site.told == []
    yes = {"key": shown["key"], "reason": "Dødsboet afleverer"}
    assert api.post("/registrations/confirm", yes).status_code == 200


def test_somebody_without_a_number_is_written_in_the_librarys_own_words(desk: Served, api: Caller) -> None:
    typed = {"name": "Gæst Gæstesen", "birth_date": "1990-01-01", "address": ["Havnegade 1", "8000 Aarhus C"]}
    shown = api.post("/registrations/own-words", {**typed, "cards": ["G1"]}).json()
    assert shown["shown"]["written"] is False
    written = api.post("/registrations/confirm", {"key": shown["key"]}).json()
    record = api.get(f"/patrons/{written['written']['patron']}").json()
    assert record["fields"]["name"]["value"] == "Gæst Gæstesen"
    assert record["fields"]["cards"]["value"] == ["G1"]


def test_own_words_are_answered_with_who_may_be_the_same_person(desk: Served, api: Caller) -> None:
    name, born = person("ANNA").name, person("ANNA").birth
    assert isinstance(born, Birth)
    typed = {"name": name.addressing, "birth_date": born.day.isoformat()}
    shown = api.post("/registrations/own-words", typed).json()["shown"]
    assert [one["patron"] for one in shown["namesakes"]] == [patron_of(desk, "ANNA")]
    assert ("namesake", "ask") in [(one["kind"], one["level"]) for one in shown["warnings"]]


def test_a_look_up_is_answered_with_the_patron_without_a_number_who_may_be_the_same(desk: Served, api: Caller) -> None:
    one = person("EDITH")
    assert isinstance(one.birth, Birth)
    typed = {"name": one.name.addressing, "birth_date": one.birth.day.isoformat()}
    key = api.post("/registrations/own-words", typed).json()["key"]
    here = api.post("/registrations/confirm", {"key": key}).json()["written"]["patron"]
    desk.library.register.knows(one)
    shown = preview(api, "EDITH")["shown"]
    assert [hit["patron"] for hit in shown["namesakes"]] == [here]
    assert ("namesake", "ask") in [(warned["kind"], warned["level"]) for warned in shown["warnings"]]
    given = api.post(f"/patrons/{here}/number/preview", {"cpr_number": cpr("EDITH").digits}).json()
    assert api.post(f"/patrons/{here}/number/confirm", {"key": given["key"]}).json()["done"]["written"]
    assert patron_of(desk, "EDITH") == here


def test_own_words_take_no_number_of_the_registers(desk: Served, api: Caller) -> None:
    before = everything(desk)
    asked = {"name": "Edith", "cpr_number": cpr("EDITH").digits}
    refusal(api.post("/registrations/own-words", asked), 422, "number.real")
    assert everything(desk) == before
    assert desk.library.register.looked_up == []


def test_what_one_session_was_shown_is_nothing_to_another(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person("EDITH"))
    key = preview(api, "EDITH")["key"]
    refusal(calling(desk).post("/registrations/confirm", {"key": key}), 404, "confirm.key")
    assert desk.library.store.patrons.find(cpr("EDITH")) is None


def test_somebody_who_only_answers_for_a_minor_is_registered_by_patron_number(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person(CHILD), person("EDITH"))
    child = beside(api, preview(api, CHILD), responsible=cpr("EDITH").digits)
    api.post("/registrations/confirm", {"key": child["key"]})
    answers = patron_of(desk, "EDITH")
    shown = api.post(f"/patrons/{answers}/look-up", {"purpose": "registration"}).json()
    yes = {"key": shown["key"], "beside": {"cards": ["K901"]}}
    assert api.post("/registrations/confirm", yes).json()["written"]["patron"] == answers
    (patron,) = desk.library.store.patrons.read([answers])
    assert patron.borrows
    assert answering_for(desk, CHILD) == [answers]


def test_a_patron_is_looked_up_and_updated_without_anybody_typing_the_number(desk: Served, api: Caller) -> None:
    desk.library.register.knows(moves(person("CLARA")))
    patron = patron_of(desk, "CLARA")
    shown = api.post(f"/patrons/{patron}/look-up", {"purpose": "renewal"}).json()
    assert (shown["way"], shown["shown"]["actions"]) == ("register", ["move"])
    assert cpr("CLARA").digits not in str(shown)
    assert api.post("/registrations/confirm", {"key": shown["key"]}).json()["written"]["written"]
    assert desk.library.store.views.patron(patron).register.address == moves(person("CLARA")).address


# -- a minor, and who answers for them -------------------------------------------------------------------------


def beside(api: Caller, shown: dict[str, Any], **typed: Any) -> dict[str, Any]:
    answer: dict[str, Any] = api.post("/registrations/beside", {"key": shown["key"], **typed}).json()
    return answer


@pytest.mark.parametrize("who", ["ANNA", "EDITH"])
def test_who_answers_for_a_minor_is_shown_and_written_with_the_same_yes(desk: Served, api: Caller, who: str) -> None:
    desk.library.register.knows(person(CHILD), person("EDITH"))
    shown = preview(api, CHILD)
    assert "minor" in [one["kind"] for one in shown["shown"]["warnings"]]
    shown = beside(api, shown, **BESIDE, responsible=cpr(who).digits)
    assert shown["shown"]["responsible"]["name"] == person(who).name.addressing
    assert "minor" not in [one["kind"] for one in shown["shown"]["warnings"]]
    assert "2468" not in str(shown)
    assert desk.library.store.patrons.find(cpr(CHILD)) is None
    done = api.post("/registrations/confirm", {"key": shown["key"]}).json()["written"]["done"]
    assert done["responsible"] == answering_for(desk, CHILD) == [patron_of(desk, who)]
    assert desk.library.store.views.patron(patron_of(desk, CHILD)).local.cards[0].pin_hash


def test_who_answers_is_looked_up_once_and_another_one_anew(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person(CHILD), person("EDITH"))
    shown = beside(api, preview(api, CHILD), responsible=cpr("EDITH").digits)
    asked = len(desk.library.register.looked_up)
    shown = beside(api, shown, cards=["K900"], responsible=cpr("EDITH").digits)
    assert len(desk.library.register.looked_up) == asked
    shown = beside(api, shown, cards=["K900"], responsible=patron_of(desk, "ANNA"))
    api.post("/registrations/confirm", {"key": shown["key"]})
    assert answering_for(desk, CHILD) == [patron_of(desk, "ANNA")]


@pytest.mark.parametrize("who", ["K404", CHILD, "1212125678"])
def test_who_may_not_answer_is_refused_at_the_field_and_neither_is_written(desk: Served, api: Caller, who: str) -> None:
    desk.library.register.knows(person(CHILD))
    shown = preview(api, CHILD)
    before = records(desk)
    typed = cpr(CHILD).digits if who == CHILD else who
    answer = api.post("/registrations/beside", {"key": shown["key"], "responsible": typed})
    assert answer.status_code == 422
    assert [one["field"] for one in answer.json()["errors"]] == ["responsible"]
    assert typed not in answer.text
    assert records(desk) == before


def test_who_answers_for_somebody_without_a_number_is_written_with_them(desk: Served, api: Caller) -> None:
    typed = {"name": "Gæst Gæstesen", "birth_date": "2019-01-01", "responsible": patron_of(desk, "ANNA")}
    shown = api.post("/registrations/own-words", typed).json()
    assert shown["way"] == "unregistered"
    written = api.post("/registrations/confirm", {"key": shown["key"]}).json()["written"]
    assert written["done"]["responsible"] == [patron_of(desk, "ANNA")]


def test_a_yes_does_not_count_once_what_was_shown_has_changed(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person(CHILD), person("EDITH"))
    shown = beside(api, preview(api, CHILD), cards=["K900"], responsible=patron_of(desk, "ANNA"))
    other = beside(calling(desk), preview(calling(desk), "EDITH"), cards=["K900"])
    assert other["kind"] == "confirm.key"  # each session has its own
    second = calling(desk)
    assert second.post("/registrations/confirm", {"key": preview(second, CHILD)["key"]}).status_code == 200
    before = records(desk)
    refusal(api.post("/registrations/confirm", {"key": shown["key"]}), 422, "patron.exists")
    assert records(desk) == before


# -- the register does not answer ------------------------------------------------------------------------------


def test_somebody_is_registered_by_their_own_words_while_the_register_is_down_and_settled_after(
    desk: Served, api: Caller
) -> None:
    goes_down(desk)
    shown = preview(api, "EDITH")
    assert (shown["way"], shown["shown"]["typed"]) == ("provisional", {})
    shown = beside(api, shown, **BESIDE, name="Edith Ellesen", address=["Nygade 2", "8000 Aarhus C"])
    assert "provisional" in [one["kind"] for one in shown["shown"]["warnings"]]
    written = api.post("/registrations/confirm", {"key": shown["key"]}).json()["written"]
    patron = written["patron"]
    assert written["done"]["provisional"]
    record = api.get(f"/patrons/{patron}").json()
    assert (record["verified"], record["said"]["waits"]) == (False, True)
    assert "Edith Ellesen" not in str(record)

    desk.library.register.down = None
    desk.library.register.knows(replace(person("EDITH"), name=Name("Edith Somebody")))
    key = api.post(f"/patrons/{patron}/look-up", {"purpose": "renewal"}).json()["key"]
    assert api.post("/registrations/confirm", {"key": key}).json()["written"]["written"]
    assert api.get(f"/patrons/{patron}").json()["verified"]
    waiting = api.get(f"/patrons/{patron}/reviews").json()["items"]
    assert [one["kind"] for one in waiting] == ["said.both"]


def test_who_answers_is_not_named_any_more_once_a_night_has_protected_them(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person("LIV"))
    desk.library.clock.set_after(MONDAY)
    shown = beside(api, preview(api, "LIV"), cards=["K900"], responsible=patron_of(desk, "ANNA"))
    assert shown["shown"]["responsible"]["name"] == person("ANNA").name.addressing
    desk.library.deliver(MONDAY, gains_protection(person("ANNA")))
    desk.library.one_night()
    before = records(desk)
    answer = api.post("/registrations/confirm", {"key": shown["key"]})
    refusal(answer, 409, "confirm.changed")
    assert records(desk) == before
    again = beside(api, preview(api, "LIV"), cards=["K900"], responsible=patron_of(desk, "ANNA"))
    assert again["shown"]["responsible"] == {**shown["shown"]["responsible"], "name": None, "sealed": True}
    assert api.post("/registrations/confirm", {"key": again["key"]}).json()["written"]["written"]


def test_a_provisional_record_needs_a_name_first(desk: Served, api: Caller) -> None:
    goes_down(desk)
    shown, before = preview(api, "EDITH"), records(desk)
    answer = refusal(api.post("/registrations/confirm", {"key": shown["key"]}), 422, "input.value")
    assert answer["errors"][0]["field"] == "name"
    refusal(api.post("/registrations/beside", {"key": shown["key"], "cards": ["K900"]}), 422, "input.value")
    assert records(desk) == before


def test_nobody_is_registered_by_their_own_words_whom_the_register_answers_about(desk: Served, api: Caller) -> None:
    """Name and address beside the register's answer are not written: they are its to say."""
    desk.library.register.knows(person("EDITH"))
    shown = beside(api, preview(api, "EDITH"), name="Somebody Else", cards=["K900"])
    assert "typed_beside" in [one["kind"] for one in shown["shown"]["warnings"]]
    written = api.post("/registrations/confirm", {"key": shown["key"]}).json()["written"]
    record = api.get(f"/patrons/{written['patron']}").json()
    assert record["fields"]["name"]["value"] == person("EDITH").name.addressing
    assert "said" not in record


def test_a_protected_person_shows_nothing_beside_what_was_typed(desk: Served, api: Caller) -> None:
    desk.library.register.knows(gains_protection(person("EDITH")))
    shown = beside(api, preview(api, "EDITH"), cards=["K900"])
    assert person("EDITH").name.last not in str(shown)
    assert api.post("/registrations/confirm", {"key": shown["key"]}).json()["written"]["protected"]


def test_a_patron_of_ours_is_no_provisional_one_while_the_register_is_down(desk: Served, api: Caller) -> None:
    goes_down(desk)
    before = records(desk)
    asked = {"cpr_number": cpr("ANNA").digits, "purpose": "registration"}
    refusal(api.post("/registrations/preview", asked), 422, "patron.exists")
    answer = api.post(f"/patrons/{patron_of(desk, 'ANNA')}/look-up", {"purpose": "renewal"})
    assert (answer.status_code, answer.json()["kind"]) == (503, "register.unavailable")
    assert records(desk) == before


def test_a_look_up_alone_tells_that_the_register_is_down(desk: Served, api: Caller) -> None:
    desk.library.register.down = RegisterUnavailable("the SFTP server does not answer")
    before = len(desk.library.register.subscribed)
    for path, purpose in (("/look-ups", "registration"), ("/registrations/preview", "correction")):
        asked = {"cpr_number": cpr("EDITH").digits, "purpose": purpose}
        refusal(api.post(path, asked), 503, "register.unavailable")
    assert len(desk.library.register.subscribed) == before
    assert desk.library.store.patrons.find(cpr("EDITH")) is None

"""One record through the API: what follows from it, its fields, who answers for it, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from browser import USER, serving
from callers import Caller, calling, everything, records, refusal
from doubles import AGENCY, MONDAY
from test_box import patron_of
from test_sealed_views import reveals
from test_set_cpr import MADE, enrol
from test_setting import set_
from townspeople import cpr, gains_protection, person

from cprsync.documents import document_of
from cprsync.domain.desk.parting import Ending
from cprsync.language.audit import entry_document
from cprsync.municipalities import load_municipalities
from cprsync.services.desk.responsibles import list_responsibles
from cprsync.services.leaving.departing import LeavingDesk
from cprsync.services.lending.standing import Standings, Statements
from cprsync.services.netmedia.entitlements import Entitlements
from cprsync.services.trust.audit import list_changes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Served
    from doubles import Library

KEYS = ("ANNA", "BO", "CLARA", "DAVID")


@pytest.fixture(scope="module")
def told(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Caller]]:
    """A desk for requests that change nothing, and a caller."""
    library = begun_folder.copy(tmp_path_factory.mktemp("told") / "library")
    set_(library, "blocks", "2027-03-01 Bortkommet bog", key="ANNA")
    with serving(library) as served:
        yield served, calling(served)
    library.engine.dispose()


def local_of(desk: Served, key: str) -> Any:
    return desk.library.store.views.patron(patron_of(desk, key)).local


# -- the same documents ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS)
def test_what_follows_from_a_record_is_the_commands_document(told: tuple[Served, Caller], key: str) -> None:
    served, api = told
    library, patron = served.library, patron_of(served, key)
    statements = Statements(library, "Byens bibliotek", USER)
    changes = list_changes(library.store, library.policy, patron, most=200)
    documents: dict[str, Any] = {
        "standing": document_of(Standings(library).standing(patron)),
        "entitlements": document_of(Entitlements(library, load_municipalities()).shown(patron)),
        "statement": document_of(statements.statement(patron)),
        "responsibles": list_responsibles(library, patron),
        "changes": {"agency": AGENCY, "entries": [entry_document(one) for one in changes]},
        "reviews": {"items": []},
        "leave": LeavingDesk(library, USER).preview(patron, Ending.LEAVE).document,
        "erase": LeavingDesk(library, USER).preview(patron, Ending.ERASE).document,
    }
    before = records(served)
    for name, document in documents.items():
        assert calling(served).get(f"/patrons/{patron}/{name}").json() == document, name
    # the audit has each look
    assert records(served) == before
    assert api.get("/patrons/00000000/standing").status_code == 404


def test_a_block_says_in_both_languages_why_the_patron_may_not_borrow(told: tuple[Served, Caller]) -> None:
    served, api = told
    borrows = api.get(f"/patrons/{patron_of(served, 'ANNA')}/standing").json()["may_borrow"]
    assert (borrows["answer"], [one["rule"] for one in borrows["rules"]]) == (False, ["blocked"])
    assert borrows["rules"][0]["da"] != borrows["rules"][0]["en"]


@pytest.mark.parametrize("name", ["standing", "entitlements", "statement", "changes", "responsibles", "leave", "erase"])
def test_what_follows_from_a_sealed_record_opens_nothing(told: tuple[Served, Caller], name: str) -> None:
    served, api = told
    text = api.get(f"/patrons/{patron_of(served, 'BO')}/{name}").text
    assert person("BO").name.addressing not in text
    assert cpr("BO").digits[:6] not in text


def test_a_sealed_envelope_opens_for_a_reason_that_the_audit_has_first(desk: Served, api: Caller) -> None:
    patron, before = patron_of(desk, "BO"), everything(desk)
    path = f"/patrons/{patron}/statement/reveal"
    refusal(api.post(path, {"reason": " "}), 422, "request.reason")
    assert everything(desk) == before
    opened = api.post(path, {"reason": "Brevet skal ud", "sheet": "label"}).json()
    assert opened["envelope"][0] == person("BO").name.addressing
    assert [entry["user"] for entry in reveals(desk.library)] == [USER]


# -- one field -------------------------------------------------------------------------------------------------


def set_one(api: Caller, patron: str, field: str, text: str | None, **more: Any) -> Any:
    return api.post(f"/patrons/{patron}/fields", {"field": field, "text": text, **more})


def test_what_staff_own_is_set_added_and_taken_off_one_at_a_time(desk: Served, api: Caller) -> None:
    patron = patron_of(desk, "CLARA")
    wanted = [
        ("telephones", "20304050", {"notices": True}, "added"),
        ("telephones", "30405060", {}, "added"),
        ("telephones", "30405060", {"doing": "remove"}, "removed"),
        ("emails", "clara@example.dk", {}, "added"),
        ("cards", "K900", {}, "added"),
        ("pin", "2468", {}, "set"),
        ("blocks", "Bortkommet bog", {}, "added"),
        ("blocks", "Bortkommet bog", {"doing": "remove"}, "lifted"),
        ("absence", "2027-04-10 til 2027-04-20", {}, "set"),
        ("note_to_patron", "Hent bogen\nher", {}, "set"),
        ("note_to_patron", None, {}, "set"),
    ]
    for field, text, more, outcome in wanted:
        answer = set_one(api, patron, field, text, **more)
        assert answer.json()["done"]["outcome"] == outcome, answer.text
        assert answer.json()["told"]
    local = local_of(desk, "CLARA")
    assert [(one.number, one.notices) for one in local.telephones] == [("20304050", True)]
    assert [(one.number, bool(one.pin_hash)) for one in local.cards] == [("CLARA", True), ("K900", True)]
    assert local.note_to_patron == ""
    assert set(desk.site.told) == {patron}


@pytest.mark.parametrize(
    ("field", "text", "notices"),
    [("telephones", "*20304050", False), ("cards", "K900", True), ("telephones", None, True)],
)
def test_notices_are_a_value_of_a_telephone_or_an_e_mail_address_and_no_star_in_a_text(
    desk: Served, api: Caller, field: str, text: str | None, notices: bool
) -> None:
    patron, before = patron_of(desk, "CLARA"), records(desk)
    problem = refusal(set_one(api, patron, field, text, notices=notices), 422, "request.notices")
    assert [one["field"] for one in problem["errors"]] == ["notices"]
    assert records(desk) == before


@pytest.mark.parametrize(
    ("field", "text"), [("telephones", "20304050"), ("cards", "K900"), ("blocks", "Bog"), ("internal_note", "En note")]
)
def test_the_same_value_sent_twice_is_kept_once(desk: Served, api: Caller, field: str, text: str) -> None:
    patron = patron_of(desk, "CLARA")
    set_one(api, patron, field, text)
    before = records(desk)
    assert set_one(api, patron, field, text).json()["done"]["outcome"] == "unchanged"
    assert records(desk) == before


def test_a_field_is_set_if_it_is_as_somebody_saw_it_and_nothing_else_is_replaced(desk: Served, api: Caller) -> None:
    patron = patron_of(desk, "CLARA")
    assert set_one(api, patron, "internal_note", "Ringer mandag", was="").status_code == 200
    before = records(desk)
    refusal(set_one(api, patron, "internal_note", "Har glemt PIN", was=""), 409, "confirm.changed")
    refusal(set_one(api, patron, "internal_note", None, was=""), 409, "confirm.changed")
    assert set_one(api, patron, "internal_note", "Ringer mandag", was="").json()["done"]["outcome"] == "unchanged"
    assert records(desk) == before
    assert set_one(api, patron, "internal_note", None, was="Ringer mandag").json()["done"]["outcome"] == "set"


def test_a_correction_counts_until_its_last_day_and_is_taken_back(desk: Served, api: Caller) -> None:
    patron = patron_of(desk, "CLARA")
    made = set_one(api, patron, "municipality", "0751", reason="Flytter i dag", until="2027-04-01").json()["done"]
    assert (made["outcome"], made["until"]) == ("set", "2027-04-01")
    record = api.get(f"/patrons/{patron}").json()["fields"]["municipality"]
    assert (record["value"], record["override"]["by"]) == ("0751", USER)
    taken = set_one(api, patron, "municipality", None, reason="Flyttede ikke").json()["done"]
    assert taken["outcome"] == "withdrawn"


@pytest.mark.parametrize(
    ("wanted", "kind", "field"),
    [
        ({"field": "telephones", "text": "nul"}, "input.value", "telephones"),
        ({"field": "telephones", "text": " "}, "request.empty", "telephones"),
        ({"field": "telephones", "text": "99999999", "doing": "remove"}, "list.missing", "telephones"),
        ({"field": "branch", "text": "Hovedbiblioteket", "doing": "remove"}, "request.field", None),
        ({"field": "internal_note", "text": "x", "reason": "fordi"}, "request.field", None),
        ({"field": "municipality", "text": "0751"}, "request.reason", None),
        ({"field": "municipality", "text": "0751", "reason": "Flytter"}, "request.until", None),
        ({"field": "municipality", "text": "0751", "reason": "Flytter", "until": "2027-02-31"}, "input", None),
        ({"field": "protection", "text": "nej"}, "request.field", None),
    ],
)
def test_a_value_that_does_not_fit_is_refused_at_its_field_and_nothing_changes(
    told: tuple[Served, Caller], wanted: dict[str, str], kind: str, field: str | None
) -> None:
    served, api = told
    before = everything(served)
    problem = refusal(api.post(f"/patrons/{patron_of(served, 'CLARA')}/fields", wanted), 422, kind)
    assert [one["field"] for one in problem["errors"]] == ([] if field is None else [field])
    assert "--" not in problem["detail"] + problem["next"]
    assert everything(served) == before


def test_a_field_that_nobody_may_set_is_refused_by_the_shape(told: tuple[Served, Caller]) -> None:
    served, api = told
    before = everything(served)
    for field in ("cpr_number", "status", "kanariefugl"):
        answer = set_one(api, patron_of(served, "CLARA"), field, "1")
        assert refusal(answer, 422, "request.fields")["errors"][0]["field"] == "field"
        assert "kanariefugl" not in answer.text
    assert everything(served) == before


# -- who answers -----------------------------------------------------------------------------------------------


def test_somebody_begins_and_ends_to_answer_for_a_minor(desk: Served, api: Caller) -> None:
    desk.library.register.knows(person("LIV"), person("EDITH"))
    asked = {"cpr_number": cpr("LIV").digits, "purpose": "registration"}
    api.post("/registrations/confirm", {"key": api.post("/registrations/preview", asked).json()["key"]})
    path = f"/patrons/{patron_of(desk, 'LIV')}/responsibles"
    wanted = {"who": cpr("EDITH").digits}
    before = records(desk)
    shown = api.post(f"{path}/preview", wanted).json()
    assert shown["shown"] == {
        "patron": None,
        "name": person("EDITH").name.addressing,
        "sealed": False,
        "verified": True,
    }
    assert (shown["is_linked"], records(desk)) == (False, before)
    added = api.post(f"{path}/confirm", {"key": shown["key"]}).json()
    assert (added["outcome"], added["kind"], added["name"]) == ("added", "responsible", person("EDITH").name.addressing)
    before = records(desk)
    # the same key, and another preview
    assert api.post(f"{path}/confirm", {"key": shown["key"]}).json() == added
    again = api.post(f"{path}/preview", wanted).json()
    assert again["is_linked"]
    assert api.post(f"{path}/confirm", {"key": again["key"]}).json()["outcome"] == "unchanged"
    assert records(desk) == before
    assert [one["patron"] for one in api.get(path).json()["responsibles"]] == [added["responsible"]]
    assert api.post(f"{path}/end", {"who": added["responsible"]}).json()["outcome"] == "ended"
    refusal(api.post(f"{path}/end", {"who": added["responsible"]}), 422, "responsible.none")


def test_the_yes_to_who_answers_holds_for_the_minor_and_for_who_was_shown_alone(desk: Served, api: Caller) -> None:
    desk.library.enrol("LIV")
    desk.library.register.knows(person("LIV"))
    desk.library.one_night()
    liv, anna = patron_of(desk, "LIV"), patron_of(desk, "ANNA")
    key = api.post(f"/patrons/{liv}/responsibles/preview", {"who": anna}).json()["key"]
    refusal(api.post(f"/patrons/{anna}/responsibles/confirm", {"key": key}), 404, "confirm.key")
    desk.library.deliver(MONDAY, gains_protection(person("ANNA")))
    desk.library.night()
    refusal(api.post(f"/patrons/{liv}/responsibles/confirm", {"key": key}), 409, "confirm.changed")
    assert api.get(f"/patrons/{liv}/responsibles").json()["responsibles"] == []


def test_nobody_answers_for_a_grown_up_and_nothing_is_asked_or_written(desk: Served, api: Caller) -> None:
    before = records(desk)
    path = f"/patrons/{patron_of(desk, 'ANNA')}/responsibles/preview"
    refusal(api.post(path, {"who": cpr("CLARA").digits}), 422, "responsible.of_age")
    assert records(desk) == before
    assert desk.library.register.looked_up == []


# -- the number ------------------------------------------------------------------------------------------------


def test_a_patron_without_a_number_gets_the_one_that_was_shown_and_once(desk: Served, api: Caller) -> None:
    library = desk.library
    patron = enrol(library, MADE[0])
    library.register.knows(person("EDITH"))
    before = records(desk)
    shown = api.post(f"/patrons/{patron}/number/preview", {"cpr_number": cpr("EDITH").digits}).json()
    assert shown["shown"]["preview"]["compared"]["name"]["theirs"] == person("EDITH").name.addressing
    assert cpr("EDITH").digits not in str(shown)
    path, yes = f"/patrons/{patron}/number/confirm", {"key": shown["key"], "reason": "Viste pas"}
    refusal(api.post(f"/patrons/{patron_of(desk, 'CLARA')}/number/confirm", yes), 404, "confirm.key")
    assert records(desk) == before
    done = api.post(path, yes).json()
    assert (done["done"]["outcome"], done["told"]) == ("set", True)
    assert library.store.patrons.read([patron])[0].number == cpr("EDITH")
    before, asked = records(desk), len(library.register.looked_up)
    assert api.post(path, yes).json() == done
    assert (records(desk), len(library.register.looked_up)) == (before, asked)


def test_a_real_number_is_never_replaced_at_the_desk(desk: Served, api: Caller) -> None:
    before = everything(desk)
    answer = api.post(f"/patrons/{patron_of(desk, 'ANNA')}/number/preview", {"cpr_number": cpr("EDITH").digits})
    refusal(answer, 422, "number.real")
    assert everything(desk) == before
    assert desk.library.register.looked_up == []


def test_a_number_that_another_patron_has_changes_no_record_and_says_that_a_review_item_was_opened(
    desk: Served, api: Caller
) -> None:
    patron = enrol(desk.library, MADE[0])
    shown = api.post(f"/patrons/{patron}/number/preview", {"cpr_number": cpr("ANNA").digits}).json()
    before = records(desk)
    answer = api.post(f"/patrons/{patron}/number/confirm", {"key": shown["key"], "reason": "Viste pas"})
    refusal(answer, 422, "number.both_patrons", changed="part")
    after = records(desk)
    assert (after["patron"], after["subscription"]) == (before["patron"], before["subscription"])
    assert len(after["review_item"]) == len(before["review_item"]) + 1


# -- leaving and erasing -----------------------------------------------------------------------------------------


def test_a_patron_leaves_by_the_yes_to_what_was_shown_and_to_nothing_else(desk: Served, api: Caller) -> None:
    patron = patron_of(desk, "CLARA")
    path, before = f"/patrons/{patron}/leave", records(desk)
    other = api.get(f"/patrons/{patron_of(desk, 'DAVID')}/leave").json()["digest"]
    refusal(api.post(path, {"digest": other}), 409, "confirm.changed")
    assert records(desk) == before
    shown = api.get(path).json()
    assert shown["whose"]["name"] == person("CLARA").name.addressing
    assert (shown["again"], shown["goes"]["name"]) == (True, 1)
    for typed in ("", patron[:-1]):
        refusal(api.post(path, {"digest": shown["digest"], "again": typed}), 409, "confirm.again")
    left = api.post(path, {"digest": shown["digest"], "again": patron}).json()
    assert (left["done"]["patron"], left["told"]) == (patron, True)
    assert api.get(f"/patrons/{patron}").json()["fields"].keys() == {"standing"}


def test_a_patron_is_erased_by_the_yes_to_what_was_shown_and_only_once(desk: Served, api: Caller) -> None:
    patron = patron_of(desk, "CLARA")
    path, before = f"/patrons/{patron}/erase", records(desk)
    refusal(api.post(path, {"digest": f"sha256:{'0' * 64}"}), 409, "confirm.changed")
    assert records(desk) == before
    yes = {"digest": api.get(path).json()["digest"], "reason": "Låneren har bedt om det"}
    refusal(api.post(path, yes), 409, "confirm.again")
    assert records(desk) == before
    yes["again"] = patron
    assert api.post(path, yes).json()["done"]["erased"]
    before = records(desk)
    refusal(api.post(path, yes), 409, "confirm.changed")
    assert records(desk) == before

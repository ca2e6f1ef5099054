"""The mock's Koha keeps patrons as Koha does: a closed schema, whole writes, attributes as a set, and every refusal."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from koha_caller import ATTRIBUTES, EMBED, KohaCaller, new_patron, number_of, whole

from cprsync.mock.koha import calls


def test_the_ready_document_says_where_koha_is_and_holds_no_secret(koha: KohaCaller) -> None:
    told = koha.ready["koha"]
    assert told["url"].startswith("https://localhost:")
    assert told["url"].endswith("/api/v1")
    assert told["client_id"] == "cprsync"
    assert koha.secret not in str(koha.ready)


def test_a_mock_without_a_koha_says_so(ready: dict[str, Any]) -> None:
    assert ready["koha"] is None


# -- signing in ------------------------------------------------------------------------------------------------


def test_a_secret_gets_a_token_and_a_wrong_one_does_not(koha: KohaCaller) -> None:
    given = koha.token(client_id="cprsync", client_secret=koha.secret)
    assert (given.status_code, given.json()["token_type"], given.json()["expires_in"]) == (200, "Bearer", 3600)
    assert koha.token(client_id="cprsync", client_secret="guessed").status_code == 403
    assert koha.token(client_id="nobody", client_secret=koha.secret).status_code == 403
    assert koha.token(grant_type="password", client_id="cprsync", client_secret=koha.secret).status_code == 400


def test_nobody_reads_without_a_token_and_basic_is_as_good_as_one(koha: KohaCaller) -> None:
    ca = koha.ready["ca"]
    bare = requests.get(f"{koha.url}/patrons", verify=ca, timeout=20)
    basic = requests.get(f"{koha.url}/patrons", verify=ca, auth=("cprsync", koha.secret), timeout=20)
    wrong = requests.get(f"{koha.url}/patrons", verify=ca, auth=("cprsync", "guessed"), timeout=20)
    assert [one.status_code for one in (bare, basic, wrong)] == [401, 200, 401]


@pytest.mark.parametrize(
    ("may", "expected"),
    [
        ([], [403, 403, 403]),
        (["list_borrowers"], [200, 403, 403]),
        (["edit_borrowers"], [403, 200, 403]),
        (["delete_borrowers"], [403, 403, 204]),
    ],
)
def test_a_client_does_what_its_permissions_say_and_nothing_else(
    koha: KohaCaller, may: list[str], expected: list[int]
) -> None:
    patron = koha.make()
    made = calls.client(koha.ready, "limited", may)
    limited = KohaCaller(koha.ready, "limited", made["secret_file"])
    place = f"/patrons/{patron['patron_id']}"
    got = [
        limited.ask("GET", place).status_code,
        limited.put(patron["patron_id"], whole(patron, city="Ry")).status_code,
        limited.ask("DELETE", place).status_code,
    ]
    assert got == expected
    assert (koha.ask("GET", place).status_code == 404) == (expected[2] == 204)


# -- adding ----------------------------------------------------------------------------------------------------


def test_a_new_patron_is_answered_with_their_place_and_what_koha_fills_in(koha: KohaCaller) -> None:
    answer = koha.ask("POST", "/patrons", new_patron(900_001, cardnumber="K900001"), headers=EMBED)
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/patrons/{made['patron_id']}"
    assert (made["userid"], made["expiry_date"], made["restricted"]) == ("K900001", "2030-03-22", False)
    assert koha.patron(made["patron_id"]) == made


def test_a_patron_with_the_name_and_birth_date_of_another_is_added_only_when_that_is_confirmed(
    koha: KohaCaller,
) -> None:
    first = koha.make(surname="Dobbelt", date_of_birth="1980-01-02")
    body = new_patron(900_002, surname="DOBBELT", firstname=first["firstname"], date_of_birth="1980-01-02")
    before = koha.everything()
    refused = koha.ask("POST", "/patrons", body)
    assert refused.status_code == 409
    assert "conflict" not in refused.json()
    assert koha.everything() == before
    assert koha.ask("POST", "/patrons", body, headers={"x-confirm-not-duplicate": "1"}).status_code == 201


def test_a_welcome_letter_is_sent_unless_the_request_says_no(koha: KohaCaller) -> None:
    quiet = koha.ask(
        "POST", "/patrons", new_patron(900_003, email="a@example.org"), headers={"x-koha-override": "welcome_no"}
    ).json()["patron_id"]
    loud = koha.make(email="b@example.org")["patron_id"]
    hidden = {one["patron_id"]: one["hidden"] for one in koha.everything()}
    assert (hidden[quiet], hidden[loud]) == ({}, {"welcomed": True})


# -- replacing -------------------------------------------------------------------------------------------------


def test_a_put_changes_what_differs_keeps_what_it_leaves_out_and_moves_the_clock(koha: KohaCaller) -> None:
    patron = koha.make(phone="11223344", city="Ry")
    body = {"surname": "Ny", "library_id": "HB", "category_id": "VOKSEN"}
    answer = koha.put(patron["patron_id"], body, **EMBED)
    after = answer.json()
    assert answer.status_code == 200
    assert after.pop("updated_on") > patron.pop("updated_on")
    assert after == {**patron, "surname": "Ny"}


def test_a_put_that_changes_nothing_says_so_and_leaves_the_clock(koha: KohaCaller) -> None:
    patron = koha.make(city="Ry")
    answer = koha.put(patron["patron_id"], whole(patron))
    assert (answer.status_code, answer.content) == (204, b"")
    assert koha.patron(patron["patron_id"]) == patron


def test_attributes_in_a_put_replace_the_whole_set(koha: KohaCaller) -> None:
    patron = koha.make()
    mine = patron[ATTRIBUTES][0]
    more = [{"type": "INTERESSE", "value": value} for value in ("jazz", "skak")]
    first = koha.put(patron["patron_id"], whole(patron, **{ATTRIBUTES: [mine, *more]}), **EMBED).json()
    assert [(one["type"], one["value"]) for one in first[ATTRIBUTES][1:]] == [
        ("INTERESSE", "jazz"),
        ("INTERESSE", "skak"),
    ]
    assert first[ATTRIBUTES][0] == mine
    second = koha.put(patron["patron_id"], whole(first, **{ATTRIBUTES: [mine]}), **EMBED).json()
    assert second[ATTRIBUTES] == [mine]
    assert first["updated_on"] < second["updated_on"]


MALFORMED: dict[str, dict[str, Any]] = {
    "a field that is not Koha's": {"shoe_size": "44"},
    "a read-only field": {"restricted": True},
    "another read-only field": {"anonymized": False},
    "an embedded field": {"library": {"library_id": "HB"}},
    "an embedded count": {"checkouts_count": 0},
    "no surname": {"surname": None},
    "a flag that is a text": {"incorrect_address": "yes"},
    "a day that is none": {"date_of_birth": "2001-02-30"},
    "a name that is a number": {"firstname": 7},
    "an attribute with a further field": {ATTRIBUTES: [{"type": "CPR", "value": "1", "since": "2020"}]},
    "attributes that are no list": {ATTRIBUTES: {}},
}


@pytest.mark.parametrize("changed", MALFORMED.values(), ids=MALFORMED.keys())
def test_a_body_outside_the_schema_is_refused_and_not_quoted(koha: KohaCaller, changed: dict[str, Any]) -> None:
    patron = koha.make()
    before = koha.everything()
    for answer in (
        koha.put(patron["patron_id"], whole(patron, **changed)),
        koha.ask("POST", "/patrons", new_patron(900_010, **changed)),
    ):
        assert answer.status_code == 400
        assert all(mistake["path"].startswith("/body") for mistake in answer.json()["errors"])
        assert "44" not in answer.text
    assert koha.everything() == before


@pytest.mark.parametrize("name", ["surname", "library_id", "category_id"])
def test_a_put_needs_what_koha_requires(koha: KohaCaller, name: str) -> None:
    patron = koha.make()
    body = whole(patron)
    del body[name]
    answer = koha.put(patron["patron_id"], body)
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"message": "Missing property.", "path": f"/body/{name}"}],
    )
    assert koha.patron(patron["patron_id"]) == patron


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"category_id": "SENIOR"}, "Given category_id does not exist"),
        ({"library_id": "MARS"}, "Given library_id does not exist"),
    ],
)
def test_an_unknown_library_or_category_is_refused(koha: KohaCaller, changed: dict[str, str], error: str) -> None:
    patron = koha.make()
    for answer in (
        koha.put(patron["patron_id"], whole(patron, **changed)),
        koha.ask("POST", "/patrons", new_patron(900_020, **changed)),
    ):
        assert (answer.status_code, answer.json()) == (400, {"error": error})
    assert koha.patron(patron["patron_id"]) == patron


@pytest.mark.parametrize("name", ["cardnumber", "userid"])
def test_a_card_number_or_user_id_of_another_is_refused_by_name(koha: KohaCaller, name: str) -> None:
    holder = koha.make(**{name: f"taken-{name}"})
    patron = koha.make()
    answer = koha.put(patron["patron_id"], whole(patron, **{name: f"TAKEN-{name}"}))
    assert (answer.status_code, answer.json()["conflict"]) == (409, name)
    assert koha.patron(patron["patron_id"]) == patron
    own = koha.put(holder["patron_id"], whole(holder, **{name: f"Taken-{name}"}))
    assert (own.status_code, own.json()[name]) == (200, f"Taken-{name}")


def test_a_new_card_leaves_the_old_one_as_user_id(koha: KohaCaller) -> None:
    patron = koha.make(cardnumber="K900030")
    after = koha.put(patron["patron_id"], whole(patron, cardnumber="K900031")).json()
    assert (after["cardnumber"], after["userid"]) == ("K900031", "K900030")


def test_nobody_changes_the_e_mail_of_a_superlibrarian(koha: KohaCaller) -> None:
    patron = koha.make(email="a@example.org")
    calls.edit(koha.ready, patron=patron["patron_id"], hidden={"superlibrarian": 1})
    patron = koha.patron(patron["patron_id"])
    assert koha.put(patron["patron_id"], whole(patron, email="b@example.org")).status_code == 403
    assert koha.patron(patron["patron_id"]) == patron
    assert koha.put(patron["patron_id"], whole(patron, city="Ry")).status_code == 200


# -- attributes ------------------------------------------------------------------------------------------------


def test_attributes_are_added_changed_and_deleted_one_by_one(koha: KohaCaller) -> None:
    patron = koha.make()
    place = f"/patrons/{patron['patron_id']}/{ATTRIBUTES}"
    added = koha.ask("POST", place, {"type": "KOMMUNE", "value": "0751"})
    one = f"{place}/{added.json()['extended_attribute_id']}"
    assert (added.status_code, added.headers["location"]) == (201, f"/api/v1{one}")
    changed = koha.ask("PATCH", one, {"value": "0461"})
    assert (changed.status_code, changed.json()) == (200, {**added.json(), "value": "0461"})
    assert koha.ask("GET", place).json() == [*patron[ATTRIBUTES], changed.json()]
    assert koha.ask("DELETE", one).status_code == 204
    assert koha.ask("DELETE", one).status_code == 404
    replaced = koha.ask("PUT", place, [{"type": "STATUS", "value": "01"}])
    assert [(a["type"], a["value"]) for a in replaced.json()] == [("STATUS", "01")]
    assert koha.patron(patron["patron_id"])["updated_on"] > patron["updated_on"]


def refusals(holder: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    return {
        "invalid_attribute_type": [{"type": "HOBBY", "value": "1"}],
        "non_repeatable_attribute": [{"type": "STATUS", "value": "01"}, {"type": "STATUS", "value": "90"}],
        "attribute_not_unique": [{"type": "CPR", "value": number_of(holder)}],
    }


@pytest.mark.parametrize("code", ["invalid_attribute_type", "non_repeatable_attribute", "attribute_not_unique"])
def test_attributes_that_koha_does_not_take_are_refused_by_code(koha: KohaCaller, code: str) -> None:
    patron, attributes = koha.make(), refusals(koha.make())[code]
    before = koha.everything()
    for answer in (
        koha.put(patron["patron_id"], whole(patron, **{ATTRIBUTES: attributes})),
        koha.ask("PUT", f"/patrons/{patron['patron_id']}/{ATTRIBUTES}", attributes),
        koha.ask("POST", "/patrons", new_patron(900_040, **{ATTRIBUTES: attributes})),
    ):
        assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert koha.everything() == before


def test_a_mandatory_attribute_is_missed_on_each_way_to_lose_it(koha: KohaCaller) -> None:
    patron = koha.make()
    place = f"/patrons/{patron['patron_id']}/{ATTRIBUTES}"
    types = calls.setup(koha.ready)["attribute_types"]
    calls.setup(koha.ready, {"attribute_types": {**types, "CPR": {**types["CPR"], "is_mandatory": True}}})
    try:
        for answer in (
            koha.put(patron["patron_id"], whole(patron, **{ATTRIBUTES: []})),
            koha.ask("PUT", place, []),
            koha.ask("DELETE", f"{place}/{patron[ATTRIBUTES][0]['extended_attribute_id']}"),
            koha.ask("POST", "/patrons", new_patron(900_050, **{ATTRIBUTES: []})),
        ):
            assert (answer.status_code, answer.json()["error_code"]) == (400, "missing_mandatory_attribute")
    finally:
        calls.setup(koha.ready, {"attribute_types": types})
    assert koha.patron(patron["patron_id"]) == patron


# -- deleting, and what is not there ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hidden", "code"),
    [
        ({"checkouts": 1}, "has_checkouts"),
        ({"debt": 25}, "has_debt"),
        ({"guarantees": 1}, "has_guarantees"),
        ({"anonymous": 1}, "is_anonymous_patron"),
        ({}, "is_protected"),
    ],
)
def test_a_patron_whom_the_library_still_has_to_do_with_is_not_deleted(
    koha: KohaCaller, hidden: dict[str, int], code: str
) -> None:
    patron = koha.make(protected=not hidden)
    calls.edit(koha.ready, patron=patron["patron_id"], hidden=hidden)
    deleting = KohaCaller(
        koha.ready, "deleting", calls.client(koha.ready, "deleting", ["delete_borrowers"])["secret_file"]
    )
    answer = deleting.ask("DELETE", f"/patrons/{patron['patron_id']}")
    assert (answer.status_code, answer.json()["error_code"]) == (409, code)
    assert koha.patron(patron["patron_id"])["surname"] == patron["surname"]


def test_what_is_not_there_is_not_found_and_a_way_that_koha_has_not_neither(koha: KohaCaller) -> None:
    patron = koha.make()
    before = koha.everything()
    assert koha.ask("GET", "/patrons/999999").status_code == 404
    assert koha.put(999_999, whole(patron)).status_code == 404
    assert koha.ask("PATCH", f"/patrons/{patron['patron_id']}", {"city": "Ry"}).status_code == 404
    assert koha.ask("GET", "/patrons/x").status_code == 404
    answer = koha.ask("GET", f"/patrons/{patron['patron_id']}")
    assert "etag" not in answer.headers
    assert koha.everything() == before


def test_a_body_that_is_no_json_or_too_large_is_refused(koha: KohaCaller) -> None:
    patron = koha.make()
    place = f"{koha.url}/patrons/{patron['patron_id']}"
    torn = koha.http.put(place, data=b'{"surname":', timeout=20)
    deep = koha.http.put(place, data=b"[" * 100_000, timeout=20)
    half = koha.put(patron["patron_id"], whole(patron, city="\ud800"))
    huge = koha.http.put(place, data=b"x" * 1_100_000, timeout=20)
    assert [one.status_code for one in (torn, deep, half, huge)] == [400, 400, 400, 413]
    assert koha.patron(patron["patron_id"]) == patron

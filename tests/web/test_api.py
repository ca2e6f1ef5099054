"""The API for people: the commands' own documents, one shape for every refusal, and nothing of a request sent back."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import requests
from browser import serving
from callers import Caller, calling, everything, records, refusal
from doubles import AGENCY, MONDAY
from test_box import patron_of
from test_sealed_views import reveals
from test_setting import set_
from townspeople import cpr, dies, gains_protection, moves, person

from cprsync.documents import document_of
from cprsync.domain.patron.patron import Purpose
from cprsync.domain.policy.policy import Harm
from cprsync.language.review import with_words
from cprsync.services.desk.finding import Finder
from cprsync.services.desk.lookup import Asked, look_up
from cprsync.services.desk.reviewing import StaffReviews
from cprsync.services.desk.viewing import RecordViewer
from cprsync.services.trust.status import Around, status_of
from cprsync.web.api.description import PATH
from cprsync.web.visit import FORM_BYTES_MAX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from browser import Served
    from doubles import Library

#: A value that stands in no document of ours.
CANARY = "kanariefugl-4711"


@pytest.fixture(scope="module")
def still(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A desk for requests that change nothing."""
    library = begun_folder.copy(tmp_path_factory.mktemp("still") / "library")
    with serving(library) as served:
        yield served
    library.engine.dispose()


# -- the same documents ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["ANNA", "BO", "CLARA", "DAVID"])
def test_a_record_is_the_document_of_patron_show(still: Served, key: str) -> None:
    library, patron = still.library, patron_of(still, key)
    viewer = RecordViewer(library, "lisbeth")
    assert calling(still).get(f"/patrons/{patron}").json() == viewer.shown(patron)


def test_a_look_up_is_the_document_of_lookup_and_writes_nothing_but_the_audit(desk: Served, api: Caller) -> None:
    desk.library.register.knows(moves(person("CLARA")), gains_protection(person("EDITH")))
    for key in ("ANNA", "BO", "CLARA", "EDITH", "FINN"):
        before = records(desk)
        told = api.post("/look-ups", {"cpr_number": cpr(key).digits, "purpose": "renewal"}).json()
        with desk.site.desk() as ours:
            assert told == look_up(ours, Asked(cpr(key), Purpose.RENEWAL, "lisbeth")).document
        assert records(desk) == before


@pytest.mark.parametrize("typed", ["ANNA's number", "CLARA", "ANNA's telephone", "nobody"])
def test_patrons_are_found_as_patron_find_finds_them(desk: Served, typed: str) -> None:
    for key in ("ANNA", "CLARA"):
        set_(desk.library, "telephones", "20304050", key=key)
    text = {"ANNA's number": cpr("ANNA").digits, "ANNA's telephone": "20 30 40 50"}.get(typed, typed)
    told = calling(desk).post("/patrons/find", {"typed": text}).json()
    assert told == Finder(desk.library, "lisbeth").find(text)
    assert len(told.get("hits", ())) == (2 if "telephone" in typed else 0)
    assert desk.library.register.looked_up == []


def test_what_is_sealed_opens_for_a_reason_that_the_audit_has_first(desk: Served, api: Caller) -> None:
    patron = patron_of(desk, "BO")
    sealed = api.get(f"/patrons/{patron}")
    assert person("BO").name.addressing not in sealed.text
    opened = api.post(f"/patrons/{patron}/reveal", {"reason": "Låneren står her"}).json()
    assert opened["fields"]["name"]["value"] == person("BO").name.addressing
    assert [entry["user"] for entry in reveals(desk.library)] == ["lisbeth"]


def test_a_reveal_without_a_reason_opens_nothing(desk: Served, api: Caller) -> None:
    patron, before = patron_of(desk, "BO"), everything(desk)
    refusal(api.post(f"/patrons/{patron}/reveal", {"reason": ""}), 422, "request.fields")
    refusal(api.post(f"/patrons/{patron}/reveal", {"reason": "  "}), 422, "request.reason")
    assert everything(desk) == before


def test_the_nights_and_the_status_are_the_commands_documents(still: Served) -> None:
    store, api = still.library.store, calling(still)
    runs = [document_of(one) for one in store.runs.list_runs()]
    assert api.get("/nights").json() == {"runs": runs}
    number = runs[0]["run"]
    assert api.get(f"/nights?before={number}&most=1").json() == {"runs": runs[1:2]}
    night = {**store.runs.document(number), "items": store.runs.items(number)}  # type: ignore[dict-item]  # it is there
    assert api.get(f"/nights/{number}").json() == night
    status = status_of(store, Around(AGENCY, still.site.section.name, still.library.clock.now()))
    answer = api.get("/status").json()
    assert {one["place"] for one in answer["disks"]} == {"store", "heads", "journal"}
    assert answer | {"disks": []} == json.loads(json.dumps(document_of(status)))


@pytest.mark.parametrize("why", ["delivery.late", "run.braked"])
def test_a_night_that_was_stopped_is_told_with_what_stopped_it(desk: Served, api: Caller, why: str) -> None:
    library = desk.library
    if why == "run.braked":
        library.limit(Harm.CHANGED, 0)
        library.deliver(MONDAY, moves(person("ANNA")))
    else:
        library.clock.set_after(MONDAY)
    library.one_night()
    number = library.store.runs.list_runs()[0].run
    told = api.get(f"/nights/{number}").json()
    assert told == {**library.store.runs.document(number), "items": library.store.runs.items(number)}  # type: ignore[dict-item]  # it is there
    assert told["error"]["kind"] == why


# -- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/patrons/00000000", "patron.unknown"),
        ("/reviews/999", "review.unknown"),
        ("/nights/999", "run.unknown"),
        ("/nowhere", "request.path"),
    ],
)
def test_what_is_not_there_is_told_as_such(still: Served, path: str, kind: str) -> None:
    refusal(calling(still).get(path), 404, kind)


@pytest.mark.parametrize("path", ["/patrons/12345678%0A", "/%0A", "/patrons/%0D%0A/standing", "/patrons/1%002345678"])
def test_a_path_with_a_line_end_is_told_as_any_other_that_is_not_there(still: Served, path: str) -> None:
    """Such a path is none of the API's own mount, and was answered with a page."""
    answer = calling(still).get(path)
    assert answer.status_code in {404, 422}
    refusal(answer, answer.status_code, answer.json()["kind"])


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/look-ups", "POST"),
        ("/patrons/12345678/leave", "GET, POST"),
        # not also a patron, although the router would let it be one
        ("/patrons/find", "POST"),
        ("/patrons/12345678", "GET"),
        ("/openapi.json", "GET"),
    ],
)
def test_a_path_names_all_the_requests_that_it_takes_and_no_other(still: Served, path: str, allowed: str) -> None:
    answer = calling(still).jar.put(f"{still.url}{PATH}{path}", timeout=20)
    refusal(answer, 405, "request.path")
    assert answer.headers["allow"] == allowed


WRONG: list[tuple[str, Any, str, str]] = [
    ("/patrons/find", {}, "typed", "missing"),
    ("/patrons/find", {"typed": 4711}, "typed", "string_type"),
    ("/patrons/find", {"typed": CANARY * 40}, "typed", "string_too_long"),
    ("/patrons/find", {"typed": CANARY + "\x00"}, "typed", "string_pattern_mismatch"),
    ("/patrons/find", {"typed": "x", CANARY: 1}, "…", "extra_forbidden"),
    ("/patrons/find", {"typed": "x", "telefones": CANARY}, "telefones", "extra_forbidden"),
    ("/patrons/find", {"typed": {CANARY: CANARY}}, "typed", "string_type"),
    ("/patrons/find", [CANARY], "", "model_attributes_type"),
    ("/look-ups", {"cpr_number": CANARY, "purpose": CANARY}, "purpose", "literal_error"),
    ("/look-ups", {"cpr_number": [CANARY], "purpose": "renewal"}, "cpr_number", "string_type"),
    ("/registrations/confirm", {"key": "k", "beside": {"cards": [CANARY * 40]}}, "beside.cards.0", "string_too_long"),
    ("/registrations/confirm", {"key": "k", "beside": {CANARY: 1}}, "beside.…", "extra_forbidden"),
    ("/registrations/confirm", {"key": "k", "beside": {"cards": ["x"] * 21}}, "beside.cards", "too_long"),
    ("/registrations/confirm", {"key": CANARY + "!"}, "key", "string_pattern_mismatch"),
    ("/registrations/own-words", {"name": CANARY, "birth_date": 1990}, "birth_date", "string_type"),
    ("/reviews/1/answer", {"answer": CANARY}, "answer", "literal_error"),
]


@pytest.mark.parametrize(("path", "asked", "field", "rule"), WRONG)
def test_a_wrong_request_is_told_by_field_and_rule_and_never_sent_back(
    still: Served, path: str, asked: Any, field: str, rule: str
) -> None:
    before = everything(still)
    answer = calling(still).post(path, asked)
    problem = refusal(answer, 422, "request.fields")
    assert {"field": field, "rule": rule}.items() <= problem["errors"][0].items()
    assert CANARY not in answer.text
    assert "4711" not in answer.text
    assert everything(still) == before


@pytest.mark.parametrize(
    "asked",
    [
        {"cpr_number": f"{CANARY}", "purpose": "renewal"},
        {"cpr_number": "310299-9999", "purpose": "renewal"},
        {"cpr_number": "0000000000", "purpose": "renewal"},
    ],
)
def test_a_number_that_is_none_is_refused_without_being_sent_back_or_out(still: Served, asked: dict[str, str]) -> None:
    answer = calling(still).post("/look-ups", asked)
    assert refusal(answer, 422, answer.json()["kind"])["kind"].startswith("input")
    assert asked["cpr_number"] not in answer.text
    assert still.library.register.looked_up == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (f'{{"typed": "{CANARY}'.encode(), 422),
        (CANARY.encode(), 422),
        (b"\xff\xfe" + CANARY.encode(), 422),
        # since Python 3.14 the stack decides how deep a document may be: this one is read, and does not end
        (b"[" * 20_000, 422 if sys.version_info >= (3, 14) else 400),
        (b"[" * 20_000 + b"]" * 20_000, 422 if sys.version_info >= (3, 14) else 400),
        (b'{"typed":' + b"9" * 5_000 + b"}", 400),
        (b'{"typed":"\\ud800"}', 422),
        (b"", 422),
        (b" " * (FORM_BYTES_MAX + 1), 413),
    ],
)
def test_a_body_that_is_no_json_is_refused_and_not_sent_back(still: Served, body: bytes, status: int) -> None:
    api = calling(still)
    headers = {"Content-Type": "application/json", "X-CSRF-Token": api.token}
    answer = api.jar.post(f"{api.url}/patrons/find", data=body, headers=headers, timeout=20)
    refusal(answer, status, answer.json()["kind"])
    assert CANARY not in answer.text


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_a_form_of_another_site_can_send_is_not_read(still: Served, media: str) -> None:
    api = calling(still)
    body = json.dumps({"typed": "CLARA"}).encode()
    headers = {"Content-Type": media, "X-CSRF-Token": api.token}
    refusal(api.jar.post(f"{api.url}/patrons/find", data=body, headers=headers, timeout=20), 415, "request.media")


def test_a_request_without_the_sessions_token_changes_nothing(desk: Served, api: Caller) -> None:
    patron, before = patron_of(desk, "BO"), everything(desk)
    for token in ("", "wrong", calling(desk).token):
        answer = api.post(f"/patrons/{patron}/reveal", {"reason": "nysgerrig"}, headers={"X-CSRF-Token": token})
        refusal(answer, 403, "session.token")
    foreign = {"Sec-Fetch-Site": "cross-site"}
    refusal(api.post(f"/patrons/{patron}/reveal", {"reason": "nysgerrig"}, headers=foreign), 403, "session.token")
    renamed = {"Sec-Fetch-Site": "same-origin", "Origin": "https://skranke.bibliotek.example"}
    refusal(api.post(f"/patrons/{patron}/reveal", {"reason": "nysgerrig"}, headers=renamed), 403, "session.host")
    assert everything(desk) == before


def test_a_request_without_a_session_is_refused_before_its_body_is_read(still: Served) -> None:
    answer = requests.post(f"{still.url}{PATH}/patrons/find", data=b"[" * 10, timeout=20)
    assert refusal(answer, 401, "session.ended")
    assert answer.headers["www-authenticate"] == "Session"


def test_an_error_that_nobody_foresaw_shows_a_reference_and_no_text(
    desk: Served, api: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def breaks(*_: object) -> None:
        raise RuntimeError(CANARY)

    monkeypatch.setattr("cprsync.web.api.patrons.Finder", breaks)
    answer = api.post("/patrons/find", {"typed": "CLARA"})
    assert (answer.status_code, answer.json()["kind"], answer.json()["changed"]) == (500, "internal", "part")
    assert CANARY not in answer.text + caplog.text
    assert "Traceback" not in answer.text


def test_a_document_with_a_name_that_is_not_listed_is_not_sent(
    desk: Served, api: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The models are closed: a name that a use case begins to tell needs a line here before it leaves the house."""
    monkeypatch.setattr(
        "cprsync.web.api.patrons.Finder",
        lambda *_: {"found": False, "patron": None, "by": None, "warnings": [], "name": CANARY},
    )
    answer = api.post("/patrons/find", {"typed": "CLARA"})
    assert answer.status_code == 500
    assert CANARY not in answer.text


# -- reviews -------------------------------------------------------------------------------------------------------


def test_reviews_are_the_commands_documents_and_are_answered(desk: Served, api: Caller) -> None:
    library = desk.library
    library.register.knows(dies(person("ANNA")))
    asked = {"cpr_number": cpr("ANNA").digits, "purpose": "correction"}
    preview_key = api.post("/registrations/preview", asked).json()["key"]
    api.post("/registrations/confirm", {"key": preview_key, "reason": "Pårørende ringede"})
    reviews = StaffReviews(library, "lisbeth")
    listed = api.get("/reviews").json()["items"]
    assert listed == [with_words(item) for item in reviews.listed()]
    number = listed[0]["id"]
    assert api.get(f"/reviews/{number}").json() == with_words(reviews.shown(number))
    before = everything(desk)
    refusal(api.post(f"/reviews/{number}/answer", {"answer": "reject"}), 422, "input.reason")
    assert everything(desk) == before
    answered = api.post(f"/reviews/{number}/answer", {"answer": "reject", "reason": "Forkert person"}).json()
    assert answered["item"]["state"] == "rejected"
    assert api.get("/reviews").json()["items"] == [with_words(item) for item in reviews.listed()]
    assert number in [item["id"] for item in api.get("/reviews?all=true").json()["items"]]

"""Who may call what: each role is refused what it may not do, as on the pages, and a refusal changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from browser import Clock, serving
from callers import Caller, calling
from doubles import AGENCY
from test_box import patron_of
from test_sealed_views import reveals
from test_sign_in import accounts_file, sign_in
from townspeople import cpr, person

from cprsync.domain.desk.roles import Role, Task, may
from cprsync.domain.patron.review import NET_MEDIA_REFUSED
from cprsync.web.accounts import StaffAccounts, write_accounts
from cprsync.web.api.api import build_description
from cprsync.web.api.description import PATH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Served
    from doubles import Library

__all__ = ["accounts_file"]
#: As a preview names itself. What a role may not do is refused before it is compared.
DIGEST = f"sha256:{'0' * 64}"
#: Everything that may be called: what it needs, and a request that would do something.
ENDPOINTS: dict[tuple[str, str], tuple[Task | None, Any]] = {
    ("get", "/session"): (None, None),
    ("get", "/library"): (Task.SERVE, None),
    ("post", "/patrons/find"): (Task.SERVE, {"typed": "CLARA"}),
    ("get", "/patrons/{patron}"): (Task.SERVE, None),
    ("post", "/patrons/{patron}/reveal"): (Task.REVEAL, {"reason": "Låneren står her"}),
    ("get", "/patrons/{patron}/standing"): (Task.SERVE, None),
    ("get", "/patrons/{patron}/entitlements"): (Task.SERVE, None),
    ("get", "/patrons/{patron}/statement"): (Task.SERVE, None),
    ("post", "/patrons/{patron}/statement/reveal"): (Task.REVEAL, {"reason": "Brevet skal ud"}),
    ("get", "/patrons/{patron}/responsibles"): (Task.SERVE, None),
    ("post", "/patrons/{patron}/responsibles/preview"): (Task.SERVE, {"who": cpr("EDITH").digits}),
    ("post", "/patrons/{patron}/responsibles/confirm"): (Task.SERVE, {"key": "none"}),
    ("post", "/patrons/{patron}/responsibles/end"): (Task.SERVE, {"who": cpr("EDITH").digits}),
    ("get", "/patrons/{patron}/reviews"): (Task.SERVE, None),
    ("get", "/patrons/{patron}/changes"): (Task.SERVE, None),
    ("post", "/patrons/{patron}/fields"): (Task.SERVE, {"field": "telephones", "text": "20304050"}),
    ("post", "/patrons/{patron}/number/preview"): (Task.SERVE, {"cpr_number": cpr("EDITH").digits}),
    ("post", "/patrons/{patron}/number/confirm"): (Task.SERVE, {"key": "none"}),
    ("get", "/patrons/{patron}/leave"): (Task.SERVE, None),
    ("post", "/patrons/{patron}/leave"): (Task.SERVE, {"digest": DIGEST, "reason": "Flytter"}),
    ("get", "/patrons/{patron}/erase"): (Task.ERASE, None),
    ("post", "/patrons/{patron}/erase"): (Task.ERASE, {"digest": DIGEST, "reason": "Flytter"}),
    ("post", "/patrons/{patron}/look-up"): (Task.SERVE, {"purpose": "renewal"}),
    ("post", "/look-ups"): (Task.SERVE, {"cpr_number": cpr("ANNA").digits, "purpose": "renewal"}),
    ("post", "/registrations/preview"): (Task.SERVE, {"cpr_number": cpr("EDITH").digits, "purpose": "registration"}),
    ("post", "/registrations/own-words"): (Task.SERVE, {"name": "Gæst Gæstesen", "birth_date": "1990-01-01"}),
    ("post", "/registrations/beside"): (Task.SERVE, {"key": "none", "cards": ["K900"]}),
    ("post", "/registrations/confirm"): (Task.SERVE, {"key": "none"}),
    ("get", "/reviews"): (Task.SERVE, None),
    ("post", "/reviews/bulk/preview"): (Task.ANSWER, {"items": [1]}),
    ("post", "/reviews/bulk/accept"): (Task.ANSWER, {"items": [1], "digest": DIGEST}),
    ("get", "/reviews/{number}"): (Task.SERVE, None),
    ("get", "/reviews/{number}/taking-back"): (Task.SERVE, None),
    ("post", "/reviews/{number}/answer"): (Task.ANSWER, {"answer": "accept"}),
    ("get", "/looks"): (Task.SERVE, None),
    ("post", "/looks/{number}/explain"): (Task.SERVE, {"reason": "Ville ikke"}),
    ("get", "/requests"): (Task.SIGN, None),
    ("post", "/requests/{number}/sign"): (Task.SIGN, {}),
    ("get", "/checks"): (Task.CHECK, None),
    ("post", "/checks/{number}/answer"): (Task.CHECK, {"in_order": True, "reason": "Set efter"}),
    ("post", "/checks/lift"): (Task.CHECK, {"user": "disk", "reason": "Talt med"}),
    ("post", "/log/search"): (Task.LOG, {"by": "disk"}),
    ("post", "/log/citizen"): (Task.LOG, {"who": cpr("ANNA").digits}),
    ("post", "/log/watch"): (Task.LOG, {"cpr_number": cpr("ANNA").digits, "doing": "watch"}),
    ("get", "/nights"): (Task.NIGHTS, None),
    ("get", "/nights/deliveries"): (Task.NIGHTS, None),
    ("get", "/nights/changes"): (Task.NIGHTS, None),
    ("get", "/nights/forecast"): (Task.NIGHTS, None),
    ("get", "/nights/held"): (Task.NIGHTS, None),
    ("post", "/nights/held/approve"): (Task.APPROVE, {"plan": DIGEST, "reason": "Ser rigtigt ud"}),
    ("post", "/nights/held/run"): (Task.OPERATE, {"plan": DIGEST}),
    ("get", "/nights/{number}"): (Task.NIGHTS, None),
    ("get", "/status"): (Task.NIGHTS, None),
}
#: Who signs in as what.
NAMES = {Role.DESK: "disk", Role.SUPERVISOR: "leder", Role.OPERATOR: "drift", Role.PRIVACY_OFFICER: "privat"}


@pytest.fixture(scope="module")
def guarded(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory, accounts_file: Path) -> Iterator[Served]:
    """The desk of a library where people sign in."""
    library = begun_folder.copy(tmp_path_factory.mktemp("guarded") / "library")
    with serving(library, StaffAccounts(accounts_file, agency=AGENCY, monotonic=Clock())) as served:
        yield served
    library.engine.dispose()


@pytest.fixture(scope="module")
def callers(guarded: Served) -> dict[Role, Caller]:
    return {role: calling(guarded, sign_in(guarded, name)) for role, name in NAMES.items()}


def call(api: Caller, method: str, path: str, asked: Any, patron: str) -> requests.Response:
    path = path.replace("{patron}", patron).replace("{number}", "1")
    return api.get(path) if method == "get" else api.post(path, asked)


def test_every_endpoint_has_a_line_here() -> None:
    """A new one is refused nobody before somebody has said who may call it."""
    told = build_description()["paths"]
    # machines show a certificate, and have no role
    people = {(method, path) for path, methods in told.items() for method in methods if "/machine/" not in path}
    assert people == set(ENDPOINTS)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_refused_what_it_may_not_do_and_nothing_changes(
    guarded: Served, callers: dict[Role, Caller], role: Role
) -> None:
    patron = patron_of(guarded, "ANNA")
    before = guarded.library.store.views.everything()
    for (method, path), (task, asked) in ENDPOINTS.items():
        if task is None or may({role}, task):
            continue
        answer = call(callers[role], method, path, asked, patron)
        assert (answer.status_code, answer.json()["kind"]) == (403, "session.role"), path
        assert person("ANNA").name.addressing not in answer.text
    assert guarded.library.store.views.everything() == before
    assert guarded.library.register.looked_up == []


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_let_in_where_its_task_is(guarded: Served, callers: dict[Role, Caller], role: Role) -> None:
    patron = patron_of(guarded, "ANNA")
    for (method, path), (task, asked) in ENDPOINTS.items():
        if method == "get" and (task is None or may({role}, task)):
            answer = call(callers[role], method, path, asked, patron)
            # there is no review that waits
            assert answer.status_code == (404 if path.startswith("/reviews/{number}") else 200), path


def test_nobody_is_answered_before_they_sign_in(guarded: Served) -> None:
    patron, before = patron_of(guarded, "ANNA"), guarded.library.store.views.everything()
    for (method, path), (_, asked) in ENDPOINTS.items():
        answer = call(calling(guarded), method, path, asked, patron)
        assert (answer.status_code, answer.json()["kind"]) == (401, "session.ended"), path
    assert guarded.library.store.views.everything() == before


def test_no_role_but_a_supervisors_erases_or_answers_though_it_names_what_was_shown(
    guarded: Served, callers: dict[Role, Caller]
) -> None:
    patron, store = patron_of(guarded, "ANNA"), guarded.library.store
    store.desk.ask_staff(patron, NET_MEDIA_REFUSED, about=patron_of(guarded, "CLARA"))
    number, boss = store.review_desk.items(all_states=False)[0].id, callers[Role.SUPERVISOR]
    erase = {"digest": boss.get(f"/patrons/{patron}/erase").json()["digest"], "reason": "Låneren bad om det"}
    erase["again"] = patron
    bulk = {"items": [number]}
    bulk |= {"digest": boss.post("/reviews/bulk/preview", bulk).json()["digest"]}
    before = store.views.everything()
    for role in set(Role) - {Role.SUPERVISOR}:
        for path, asked in ((f"/patrons/{patron}/erase", erase), ("/reviews/bulk/accept", bulk)):
            assert callers[role].post(path, asked).json()["kind"] == "session.role"
    assert store.views.everything() == before
    # it would have been done
    assert boss.post("/reviews/bulk/accept", bulk).json()["accepted"]


def test_who_calls_is_named_by_the_audit(guarded: Served, callers: dict[Role, Caller]) -> None:
    callers[Role.DESK].post("/patrons/" + patron_of(guarded, "BO") + "/reveal", {"reason": "Låneren står her"})
    assert [one["user"] for one in reveals(guarded.library)] == ["disk"]


def test_the_token_of_one_session_is_nothing_to_another(guarded: Served, callers: dict[Role, Caller]) -> None:
    token, before = callers[Role.SUPERVISOR].token, guarded.library.store.views.everything()
    answer = callers[Role.DESK].post("/look-ups", {}, headers={"X-CSRF-Token": token})
    assert (answer.status_code, answer.json()["kind"]) == (403, "session.token")
    assert guarded.library.store.views.everything() == before


def test_a_file_of_accounts_that_cannot_be_read_lets_nobody_in_and_is_not_named(
    guarded: Served, accounts_file: Path
) -> None:
    api, before = calling(guarded, sign_in(guarded, "disk")), accounts_file.read_bytes()
    try:
        accounts_file.write_text("broken", "utf-8")
        answer = api.get(f"/patrons/{patron_of(guarded, 'ANNA')}")
        assert (answer.status_code, answer.json()["kind"]) == (500, "internal")
        assert str(accounts_file) not in answer.text
    finally:
        accounts_file.write_bytes(before)


def test_an_account_that_is_removed_calls_no_more(guarded: Served, accounts_file: Path) -> None:
    api, before = calling(guarded, sign_in(guarded, "disk")), accounts_file.read_bytes()
    try:
        write_accounts(accounts_file, [])
        assert api.get(f"/patrons/{patron_of(guarded, 'ANNA')}").json()["kind"] == "session.ended"
    finally:
        accounts_file.write_bytes(before)


def test_the_description_is_the_one_that_is_served(guarded: Served) -> None:
    assert requests.get(f"{guarded.url}{PATH}/openapi.json", timeout=20).json() == build_description(secure=False)

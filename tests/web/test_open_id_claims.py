"""What the provider says beside a name: whose own record it is, at which level, and on its page of claims."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from browser import Served, serving
from doubles import AGENCY
from joserfc.jwk import KeySet
from test_box import patron_of
from test_open_id import RULES, go_out, is_nobody, sign_in
from test_open_id import known as known  # noqa: PLC0414 -- the same provider
from test_open_id import provider as provider  # noqa: PLC0414 -- the same
from townspeople import cpr

from cprsync.errors import SignInRefused, StoreUnavailable
from cprsync.identity.calls import ProviderAnswer
from cprsync.identity.provider import Provider
from cprsync.store.core.tenant import TenantStore
from cprsync.web.journeys import Journeys, StaffProvider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library
    from identity_provider import Known

    from cprsync.domain.desk.claims import ClaimRules

#: What is enough, the best first.
LEVELS = ("urn:level:high", "urn:level:substantial")


@contextmanager
def desk_of(library: Library, provider: Known, rules: ClaimRules = RULES, **more: Any) -> Iterator[Served]:
    """A desk with one more demand of the provider."""

    def made(url: str) -> StaffProvider:
        journeys = Journeys(provider.client(url, **more), cookie="cprsync-way", secure=False, now=provider.now)
        return StaffProvider(journeys, "Kommunens login", rules, AGENCY)

    with serving(library, provider=made) as served:
        yield served
    library.engine.dispose()


@pytest.fixture
def knowing(begun_folder: Library, tmp_path: Path, provider: Known, request: pytest.FixtureRequest) -> Iterator[Served]:
    """A desk whose provider says who staff are as citizens."""
    rules = replace(RULES, own=("cpr_number", getattr(request, "param", "cpr")))
    with desk_of(begun_folder.copy(tmp_path / "library"), provider, rules) as served:
        yield served


@pytest.fixture(scope="module")
def strict(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory, known: Known) -> Iterator[Served]:
    """A desk that demands a level."""
    library = begun_folder.copy(tmp_path_factory.mktemp("strict") / "library")
    with desk_of(library, known, acr_values=LEVELS) as served:
        yield served


@pytest.fixture(scope="module")
def asking(begun_folder: Library, tmp_path_factory: pytest.TempPathFactory, known: Known) -> Iterator[Served]:
    """A desk that reads the page of claims too."""
    library = begun_folder.copy(tmp_path_factory.mktemp("asking") / "library")
    with desk_of(library, known, userinfo=True) as served:
        yield served


class TestOwnRecord:
    def test_ones_own_record_is_looked_up_once_a_colleague_has_signed_in_their_own_session(
        self, knowing: Served
    ) -> None:
        """Nobody has a password of ours."""
        own = patron_of(knowing, "ANNA")
        browser = sign_in(knowing, "skranke").open(f"/patrons/{own}")
        browser.send(f"/patrons/{own}/look-up", purpose="renewal")
        assert browser.answer.status_code == 403
        assert "Adgangskode" not in browser.text
        assert knowing.library.register.looked_up == []
        boss = sign_in(knowing, "leder").open("/requests")
        boss.send(next(form.action for form in boss.page.forms if form.action.endswith("/sign")))
        browser.send(f"/patrons/{own}/look-up")
        assert browser.answer.status_code == 200
        assert len(knowing.library.register.looked_up) == 1

    def test_the_number_is_in_no_row_and_no_log(self, knowing: Served, caplog: pytest.LogCaptureFixture) -> None:
        sign_in(knowing, "skranke")
        rows = knowing.library.rows("staff_patron")
        assert [row["who"] for row in rows] == ["skranke"]
        assert cpr("ANNA").digits not in repr(rows) + caplog.text

    @pytest.mark.parametrize("knowing", ["another_claim"], indirect=True)
    def test_somebody_of_whom_nothing_is_said_signs_in_all_the_same(self, knowing: Served) -> None:
        assert sign_in(knowing, "skranke").path == "/"
        assert knowing.library.rows("staff_patron") == []

    def test_nobody_signs_in_while_it_cannot_be_kept(self, knowing: Served) -> None:
        """Their own record would be anybody's."""

        class Down(TenantStore):
            def __getattr__(self, name: str) -> object:
                raise StoreUnavailable("the database does not answer")

        whole = knowing.library.store.access
        knowing.library.store.access = Down(knowing.library.store._tenant)  # type: ignore[assignment]  # as it fails
        browser = sign_in(knowing, "skranke")
        assert browser.answer.status_code == 503
        knowing.library.store.access = whole
        assert is_nobody(browser)


class TestLevels:
    def test_the_provider_is_asked_for_a_level_and_whoever_has_it_is_let_in(self, strict: Served) -> None:
        browser = go_out(strict)
        assert parse_qs(urlsplit(browser.answer.url).query)["acr_values"] == [" ".join(LEVELS)]
        assert sign_in(strict, "skranke").path == "/"

    @pytest.mark.parametrize("fault", ["oidc-level", "oidc-no-level"])
    def test_a_lower_level_or_none_lets_nobody_in(self, strict: Served, provider: Known, fault: str) -> None:
        provider.fails(fault)
        browser = sign_in(strict, "skranke")
        assert browser.answer.status_code == 403
        assert "lavere niveau" in browser.text
        assert is_nobody(browser)
        assert sign_in(strict, "skranke").path == "/"

    def test_the_page_of_claims_gives_no_level(
        self, begun_folder: Library, tmp_path: Path, provider: Known, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Nobody signed it."""
        people = provider.identity.people()
        told = {**people, "skranke": {**people["skranke"], "acr": LEVELS[0]}}
        monkeypatch.setattr(provider.identity, "people", lambda: told)
        library = begun_folder.copy(tmp_path / "library")
        with desk_of(library, provider, acr_values=LEVELS, userinfo=True) as desk:
            provider.fails("oidc-no-level")
            assert is_nobody(sign_in(desk, "skranke"))

    def test_no_level_is_asked_for_unless_one_is_demanded(self, asking: Served) -> None:
        assert "acr_values" not in go_out(asking).answer.url


class TestPageOfClaims:
    def test_claims_that_only_the_page_has_let_somebody_in(self, asking: Served, provider: Known) -> None:
        provider.fails("oidc-thin")
        assert sign_in(asking, "skranke").path == "/"
        assert not provider.identity.register.faults.dump()

    def test_without_the_setting_the_page_is_not_asked(self, strict: Served, provider: Known) -> None:
        provider.fails("oidc-thin")
        assert "siger ikke, hvem du er" in sign_in(strict, "skranke").text

    def test_the_claims_of_another_person_let_nobody_in(self, asking: Served, provider: Known) -> None:
        provider.fails("oidc-claims")
        browser = sign_in(asking, "skranke")
        assert browser.answer.status_code == 403
        assert "kunne ikke bruges" in browser.text
        assert is_nobody(browser)

    @pytest.mark.parametrize("deep", [b"[" * 100_000, b'{"a":' * 100_000])
    def test_an_answer_that_is_nested_without_end_is_none(self, deep: bytes) -> None:
        """Otherwise whoever signs in is told that we have failed."""
        with pytest.raises(ValueError, match="nested"):
            ProviderAnswer(200, deep).json()
        token = f"{urlsafe_b64encode(deep).decode()}.e30.e30"
        with pytest.raises(SignInRefused):
            Provider._decode(token, KeySet([]))

    def test_a_page_that_does_not_answer_lets_nobody_in(self, asking: Served, provider: Known) -> None:
        provider.fails("oidc-claims-down")
        browser = sign_in(asking, "skranke")
        assert browser.answer.status_code == 503
        assert is_nobody(browser)

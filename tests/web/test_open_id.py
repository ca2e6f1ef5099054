"""Staff sign in at an identity provider: the real code flow, and everything that may come back from it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
import requests
from browser import Browser, Served, serving
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from doubles import AGENCY
from identity_provider import Known, known_provider
from test_box import patron_of
from test_sealed_views import reveals

from cprsync.domain.desk.claims import ClaimRules, RoleRule
from cprsync.domain.desk.roles import Role
from cprsync.errors import SignInRefused, SignInUnavailable
from cprsync.identity.provider import KEYS_SECONDS, METADATA_SECONDS, Provider, Started
from cprsync.mock.identity import CODE_SECONDS
from cprsync.web import journeys as web_journeys
from cprsync.web.accounts import AccountEntry, StaffAccounts, hash_password, write_accounts
from cprsync.web.journeys import JOURNEY_SECONDS, Journeys, StaffProvider
from cprsync.web.memory.sessions import IDLE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from doubles import Library

RULES = ClaimRules(
    "preferred_username",
    "groups",
    (
        RoleRule("desk", Role.DESK),
        RoleRule("supervisor", Role.SUPERVISOR, frozenset({AGENCY})),
        RoleRule("operator", Role.OPERATOR, frozenset({"999999"})),
    ),
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory, mock_keys: Path) -> Iterator[Known]:
    with known_provider(tmp_path_factory.mktemp("provider") / "mock", mock_keys) as known:
        yield known


@pytest.fixture
def provider(known: Known) -> Iterator[Known]:
    """The provider with no fault left over, and with the clocks of today."""
    yield known
    known.identity.register.calm()
    known.now.ahead = known.time.ahead = timedelta()
    known.seconds = 0.0


@pytest.fixture
def desk(begun_folder: Library, tmp_path: Path, provider: Known) -> Iterator[Served]:
    """A desk where staff sign in at the provider."""

    def made(url: str) -> StaffProvider:
        journeys = Journeys(provider.client(url), cookie="cprsync-way", secure=False, now=provider.now)
        return StaffProvider(journeys, "Kommunens login", RULES, AGENCY)

    library = begun_folder.copy(tmp_path / "library")
    with serving(library, provider=made) as served:
        yield served
    library.engine.dispose()


def trusted() -> str:
    """The issuer of the provider's certificate, for the small browser."""
    return str(Known.running[-1].ca)


def go_out(desk: Served, browser: Browser | None = None) -> Browser:
    """A browser at the provider's page of everybody."""
    browser = browser or desk.browser()
    browser.open("/sign-in")
    browser.jar.trust_env, browser.jar.verify = False, trusted()
    browser.answer = browser.jar.get(f"{desk.url}/sign-in/openid", timeout=20)
    assert browser.answer.status_code == 200, browser.answer.text
    return browser


def answer_for(browser: Browser, who: str) -> str:
    """The address to which the provider sends a browser back, once somebody has signed in there."""
    issuer = "https://" + urlsplit(browser.answer.url).netloc
    asked = dict(parse_qsl(urlsplit(browser.answer.url).query))
    sent = browser.jar.post(f"{issuer}/signed-in", data={**asked, "who": who}, allow_redirects=False, timeout=20)
    assert sent.status_code == 303
    return sent.headers["location"]


def come_back(browser: Browser, address: str) -> Browser:
    """Open the address, and go on as the page says."""
    browser.answer = browser.jar.get(address, timeout=20)
    if "Refresh" in browser.answer.headers:
        browser.open(browser.answer.headers["Refresh"].partition("url=")[2])
    return browser


def sign_in(desk: Served, who: str) -> Browser:
    browser = go_out(desk)
    return come_back(browser, answer_for(browser, who))


def is_nobody(browser: Browser) -> bool:
    """Whether the browser has no session of anybody."""
    return browser.open("/").path == "/sign-in"


class TestSigningIn:
    def test_whom_the_provider_names_is_let_in_and_named_by_the_audit(self, desk: Served) -> None:
        browser = sign_in(desk, "skranke")
        assert browser.path == "/"
        patron = patron_of(desk, "BO")
        browser.open(f"/patrons/{patron}").send(f"/patrons/{patron}/reveal", reason="Låneren står her")
        assert [entry["user"] for entry in reveals(desk.library)] == ["skranke"]

    @pytest.mark.parametrize(("who", "nights"), [("skranke", 403), ("leder", 200)])
    def test_the_claim_gives_the_roles_that_the_settings_say(self, desk: Served, who: str, nights: int) -> None:
        assert sign_in(desk, who).open("/nights").answer.status_code == nights

    @pytest.mark.parametrize("who", ["vikar", "drift", "privat"])
    def test_somebody_without_a_role_at_this_library_is_told_so_and_not_let_in(self, desk: Served, who: str) -> None:
        browser = sign_in(desk, who)
        assert browser.answer.status_code == 403
        assert "ingen rolle ved biblioteket" in browser.text
        assert is_nobody(browser)

    def test_somebody_without_a_name_for_the_audit_is_not_let_in(self, desk: Served) -> None:
        browser = sign_in(desk, "ANNA")
        assert "siger ikke, hvem du er" in browser.text
        assert is_nobody(browser)

    def test_signing_in_begins_a_session_under_a_new_token(self, desk: Served) -> None:
        browser = go_out(desk)
        planted = browser.jar.cookies["cprsync"]
        come_back(browser, answer_for(browser, "skranke"))
        assert browser.jar.cookies["cprsync"] != planted
        other = desk.browser()
        other.jar.cookies.set("cprsync", planted)
        assert is_nobody(other)

    def test_signing_out_leads_to_the_providers_own_sign_out_without_a_word_about_the_person(
        self, desk: Served, provider: Known
    ) -> None:
        browser = sign_in(desk, "skranke").send("/sign-out")
        address = browser.answer.headers["Refresh"].partition("url=")[2]
        asked = dict(parse_qsl(urlsplit(address).query))
        assert address.startswith(f"{provider.identity.issuer}/sign-out?")
        assert asked == {"client_id": "desk", "post_logout_redirect_uri": f"{desk.url}/sign-in"}
        assert browser.jar.get(address, timeout=20).url == f"{desk.url}/sign-in"
        assert is_nobody(browser)

    def test_the_language_is_kept_on_the_way(self, desk: Served) -> None:
        browser = desk.browser().open("/sign-in").send("/language", to="en")
        go_out(desk, browser)
        assert "Find or register a patron" in come_back(browser, answer_for(browser, "skranke")).text

    def test_nothing_of_the_person_stands_in_an_address_or_a_cookie(self, desk: Served) -> None:
        browser = go_out(desk)
        address = answer_for(browser, "skranke")
        come_back(browser, address)
        seen = address + browser.answer.url + "".join(map(str, browser.jar.cookies.get_dict().values()))
        assert "skranke" not in seen
        assert "cprsync-way" not in browser.jar.cookies

    def test_the_key_of_the_provider_may_change_and_is_not_asked_for_at_each_sign_in(
        self, desk: Served, provider: Known
    ) -> None:
        sign_in(desk, "skranke")
        provider.identity.turn_key()
        assert sign_in(desk, "skranke").path == "/"
        provider.identity.turn_key()
        assert "kunne ikke bruges" in sign_in(desk, "skranke").text
        provider.seconds += KEYS_SECONDS + 1
        assert sign_in(desk, "skranke").path == "/"


def come_back_from_there(browser: Browser, address: str) -> Browser:
    """Come back by a link of the provider, with which a browser sends no strict cookie."""
    browser.jar.cookies.clear(domain="localhost.local", path="/", name="cprsync")
    return come_back(browser, address)


class TestGoingOn:
    def test_a_link_leads_to_its_page_after_signing_in_at_the_provider(self, desk: Served) -> None:
        patron = patron_of(desk, "ANNA")
        browser = go_out(desk, desk.browser().open(f"/patrons/{patron}"))
        assert come_back_from_there(browser, answer_for(browser, "skranke")).path == f"/patrons/{patron}"

    @pytest.mark.parametrize("who", ["skranke", "leder"])
    def test_a_form_waits_for_the_person_whom_the_provider_names_again(self, desk: Served, who: str) -> None:
        patron = patron_of(desk, "ANNA")
        browser = sign_in(desk, "skranke").open(f"/patrons/{patron}")
        desk.clock.seconds += IDLE_SECONDS + 1
        browser.send(f"/patrons/{patron}/set", field="note_to_patron", text="Ring efter 16")
        assert browser.path == "/sign-in"
        come_back_from_there(go_out(desk, browser), answer_for(browser, who))
        assert browser.path == (f"/patrons/{patron}" if who == "skranke" else "/")
        assert ("Ring efter 16" in browser.answer.text) is (who == "skranke")
        assert "Ring efter 16" not in browser.open(f"/patrons/{patron}").answer.text


class TestRefusals:
    @pytest.mark.parametrize(
        "fault",
        [
            "oidc-state",
            "oidc-sender",
            "oidc-nonce",
            "oidc-audience",
            "oidc-issuer",
            "oidc-expired",
            "oidc-none",
            "oidc-signature",
            "oidc-key",
        ],
    )
    def test_an_answer_that_proves_nothing_lets_nobody_in(self, desk: Served, provider: Known, fault: str) -> None:
        provider.fails(fault)
        browser = sign_in(desk, "skranke")
        assert browser.answer.status_code == 403
        assert "kunne ikke bruges" in browser.text
        assert is_nobody(browser)
        assert not provider.identity.register.faults.dump()
        assert sign_in(desk, "skranke").path == "/"

    def test_a_code_counts_once(self, desk: Served) -> None:
        browser = go_out(desk)
        way = browser.jar.cookies["cprsync-way"]
        address = answer_for(browser, "skranke")
        assert come_back(browser, address).path == "/"
        other = desk.browser()
        other.jar.cookies.set("cprsync-way", way)
        assert come_back(other, address).answer.status_code == 403
        assert is_nobody(other)

    def test_an_answer_counts_once_even_at_a_provider_that_gives_the_code_again(
        self, desk: Served, provider: Known
    ) -> None:
        browser = go_out(desk)
        way, address = browser.jar.cookies["cprsync-way"], answer_for(browser, "skranke")
        code = dict(parse_qsl(urlsplit(address).query))["code"]
        granted = provider.identity.codes[code]
        come_back(browser, address)
        provider.identity.codes[code] = granted
        other = desk.browser()
        other.jar.cookies.set("cprsync-way", way)
        assert come_back(other, address).answer.status_code == 403
        assert is_nobody(other)

    def test_an_answer_in_another_browser_lets_nobody_in(self, desk: Served) -> None:
        """Else a stranger's link would sign a colleague in as the stranger."""
        address = answer_for(go_out(desk), "skranke")
        other = come_back(desk.browser(), address)
        assert "begyndte ikke i denne browser" in other.text
        assert is_nobody(other)

    def test_an_answer_of_another_sign_in_lets_nobody_in(self, desk: Served) -> None:
        address, other = answer_for(go_out(desk), "leder"), go_out(desk)
        assert come_back(other, address).answer.status_code == 403
        assert is_nobody(other)

    def test_a_code_that_came_too_late_lets_nobody_in(self, desk: Served, provider: Known) -> None:
        browser = go_out(desk)
        address = answer_for(browser, "skranke")
        provider.time.ahead = timedelta(seconds=CODE_SECONDS + 1)
        assert come_back(browser, address).answer.status_code == 403
        assert is_nobody(browser)

    def test_a_way_that_took_too_long_lets_nobody_in(self, desk: Served, provider: Known) -> None:
        browser = go_out(desk)
        address = answer_for(browser, "skranke")
        provider.now.ahead = timedelta(seconds=JOURNEY_SECONDS + 61)
        assert "tog for lang tid" in come_back(browser, address).text
        provider.now.ahead = timedelta()
        assert is_nobody(browser)

    def test_whoever_says_no_at_the_provider_is_told_so(self, desk: Served) -> None:
        browser = go_out(desk)
        come_back(browser, answer_for(browser, ""))
        assert "loggede dig ikke ind" in browser.text
        assert is_nobody(browser)

    @pytest.mark.parametrize("answer", ["", "?code=x", "?state=x&state=y", "?state=" + "x" * 5000])
    def test_an_answer_of_nobody_lets_nobody_in(self, desk: Served, answer: str) -> None:
        browser = go_out(desk)
        come_back(browser, f"{desk.url}/sign-in/answer{answer}")
        assert browser.answer.status_code == 403
        assert is_nobody(browser)

    def test_the_provider_is_told_where_to_send_browsers_by_the_settings_alone(self, desk: Served) -> None:
        """No request changes it: there is no open redirect."""
        browser = desk.browser()
        elsewhere = urlencode({"redirect_uri": "https://evil.example/", "back": "https://evil.example/"})
        sent = browser.jar.get(f"{desk.url}/sign-in/openid?{elsewhere}", allow_redirects=False, timeout=20)
        asked = dict(parse_qsl(urlsplit(sent.headers["location"]).query))
        assert asked["redirect_uri"] == f"{desk.url}/sign-in/answer"
        assert asked["code_challenge_method"] == "S256"


class TestWhenTheProviderFails:
    @pytest.mark.parametrize("fault", ["oidc-down", "oidc-slow"])
    def test_the_page_says_within_eight_seconds_what_to_do(
        self, desk: Served, provider: Known, monkeypatch: pytest.MonkeyPatch, fault: str
    ) -> None:
        monkeypatch.setattr("cprsync.identity.provider.SIGN_IN_SECONDS", 0.3)
        provider.fails(fault, seconds=1.0)
        begun = time.monotonic()
        browser = desk.browser().open("/sign-in").open("/sign-in/openid")
        assert time.monotonic() - begun < 1.0
        assert browser.answer.status_code == 503
        assert "Kommunens login svarer ikke lige nu" in browser.text
        assert "Prøv igen om lidt" in browser.text
        assert is_nobody(browser)

    def test_a_provider_that_hangs_where_no_deadline_counts_holds_no_page_up(
        self, desk: Served, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As the search for its name in the network can."""
        assert web_journeys.PAGE_SECONDS <= 8
        monkeypatch.setattr(web_journeys, "PAGE_SECONDS", 0.2)
        monkeypatch.setattr(Provider, "begin", lambda _: time.sleep(1.0))
        begun = time.monotonic()
        assert desk.browser().open("/sign-in/openid").answer.status_code == 503
        assert time.monotonic() - begun < 0.9

    def test_the_local_accounts_sign_in_meanwhile(self, begun_folder: Library, tmp_path: Path, provider: Known) -> None:
        path, library = tmp_path / "accounts.toml", begun_folder.copy(tmp_path / "library")
        kept = hash_password("correct horse battery")
        write_accounts(
            path,
            [AccountEntry(name="lone", password=kept, roles=frozenset({Role.DESK}), libraries=frozenset({AGENCY}))],
        )

        def made(url: str) -> StaffProvider:
            journeys = Journeys(provider.client(url), cookie="cprsync-way", secure=False, now=provider.now)
            return StaffProvider(journeys, "Kommunens login", RULES, AGENCY)

        accounts = StaffAccounts(path, agency=AGENCY, monotonic=time.monotonic)
        with serving(library, accounts, provider=made) as served:
            provider.fails("oidc-down")
            browser = served.browser().open("/sign-in/openid")
            assert browser.answer.status_code == 503
            browser.open("/sign-in")
            assert "Log ind med Kommunens login" in browser.text
            assert browser.send("/sign-in", name="lone", password="correct horse battery").path == "/"
            assert "Refresh" not in browser.send("/sign-out").answer.headers
        library.engine.dispose()


class TestOurClient:
    """What no browser of ours would do."""

    def test_a_code_without_its_verifier_is_worth_nothing(self, provider: Known) -> None:
        client = provider.client("http://localhost:1")
        address, started = client.begin()
        code = granted_code(address)
        answer = {"state": started.state, "code": code, "iss": provider.identity.issuer}
        with pytest.raises(SignInRefused) as refused:
            client.finish(Started(started.state, started.nonce, ""), answer)
        assert refused.value.kind == "sign_in.code"
        client.close()

    def test_an_answer_of_another_provider_is_refused_before_its_code_is_sent_anywhere(self, provider: Known) -> None:
        """A mix-up: the code of an honest provider would go to another one."""
        client = provider.client("http://localhost:1")
        address, started = client.begin()
        code = granted_code(address)
        for sender in ({"iss": "https://another.example"}, {}):
            with pytest.raises(SignInRefused) as refused:
                client.finish(started, {"state": started.state, "code": code, **sender})
            assert refused.value.kind == "sign_in.other_provider"
        assert code in provider.identity.codes
        client.close()

    def test_a_provider_that_calls_itself_by_another_name_is_not_asked(self, provider: Known) -> None:
        client = provider.client("http://localhost:1", issuer=f"{provider.identity.issuer}/")
        with pytest.raises(SignInUnavailable) as refused:
            client.begin()
        assert refused.value.kind == "sign_in.unavailable.described"
        client.close()

    def test_the_description_is_read_again_after_a_while(self, provider: Known) -> None:
        client = provider.client("http://localhost:1")
        client.begin()
        provider.fails("oidc-down")
        client.begin()
        provider.seconds += METADATA_SECONDS + 1
        with pytest.raises(SignInUnavailable):
            client.begin()
        client.close()

    def test_a_certificate_of_another_issuer_is_not_believed(self, provider: Known, tmp_path: Path) -> None:
        others = tmp_path / "others.pem"
        others.write_bytes(self_signed())
        client = provider.client("http://localhost:1", ca=others)
        with pytest.raises(SignInUnavailable) as refused:
            client.begin()
        assert refused.value.kind.startswith("sign_in.unavailable.certificate")
        client.close()


def self_signed() -> bytes:
    """The certificate of an issuer whom nobody knows."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Nobody")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def granted_code(address: str) -> str:
    """The code of somebody who signs in at an address of the provider."""
    with requests.Session() as session:
        session.trust_env, session.verify = False, trusted()
        sent = session.get(f"{address}&login_hint=skranke", allow_redirects=False, timeout=20)
    return dict(parse_qsl(urlsplit(sent.headers["location"]).query))["code"]

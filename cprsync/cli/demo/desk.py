"""Opens the desk on the demo's town, with invented users, and says what to try there."""

from __future__ import annotations

import secrets
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from cprsync.cli.demo.week import read_numbers
from cprsync.cli.desk.opening import say_ready, serve_site
from cprsync.config.sign_in import PatronPageSection, PatronProviderSection, SignInSection
from cprsync.domain.desk.roles import Role
from cprsync.language.words import word
from cprsync.mock.identity import CLIENT, STAFF
from cprsync.web.accounts import AccountEntry, hash_password, write_accounts
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from cprsync.cli.demo.week import DemoStage

#: Who may sign in at the demo's desk, and what they are. All have the same password, which the demo prints.
_USERS: Final = {
    "skranke": Role.DESK,
    "leder": Role.SUPERVISOR,
    "drift": Role.OPERATOR,
    "privat": Role.PRIVACY_OFFICER,
}


def open_desk(stage: DemoStage, *, port: int) -> None:
    """Serve the desk on the demo's town until it is stopped."""
    section, password = stage.settings.library[0], secrets.token_urlsafe(9)
    kept, libraries, path = hash_password(password), frozenset({section.agency}), stage.folder / "accounts.toml"
    entries = [
        AccountEntry(name=name, password=kept, roles=frozenset({role}), libraries=libraries)
        for name, role in _USERS.items()
    ]
    write_accounts(path, entries)
    desk = stage.settings.desk.model_copy(update={"accounts": path, "sign_in": _mock_provider(stage, port)})
    section = section.model_copy(update={"patron_page": _patron_page(stage, port)})
    tell_what_to_try(stage, password=password, port=port)
    site = Site(stage.settings.model_copy(update={"desk": desk}), section)
    serve_site(site, port, partial(say_ready, language=stage.language, as_json=stage.as_json))


def tell_what_to_try(stage: DemoStage, *, password: str, port: int) -> None:
    """Say who may sign in, and who can be registered. The numbers are the town's: nobody has them."""
    stage.tell(f"\n{word('demo_users', stage.language, users=', '.join(_USERS), password=password)}")
    stage.tell(word("demo_patrons", stage.language, url=f"http://localhost:{port}/me"))
    stage.tell(word("demo_try", stage.language))
    numbers = read_numbers()
    for tried in stage.week.for_the_desk["try"]:
        digits = numbers[tried["who"]]
        stage.tell(f"    {digits[:6]}-{digits[6:]}  {tried[f'note_{stage.language}']}")


def _mock_provider(stage: DemoStage, port: int) -> SignInSection:
    """The mock's identity provider, where the same users sign in by a click."""
    roles = sorted({role for groups in STAFF.values() for role in groups})
    return SignInSection(
        **_registration(stage, port),
        title=word("demo_provider", stage.language),
        roles_claim="groups",
        number_claim="cpr",
        role=tuple({"value": role, "role": role} for role in roles),
    )


def _patron_page(stage: DemoStage, port: int) -> PatronPageSection:
    """The patrons' pages, where anybody of the town signs in by a click."""
    title = word("demo_provider", stage.language)
    provider = PatronProviderSection(**_registration(stage, port), title=title, number_claim="cpr")
    return PatronPageSection(cards=True, sign_in=provider)


def _registration(stage: DemoStage, port: int) -> dict[str, Any]:
    """What the mock's provider knows of a program on this machine."""
    address = f"http://localhost:{port}"
    return {**stage.ready["oidc"], "client_id": CLIENT, "ca": stage.ready["ca"], "address": address}

"""The desk as it is served: the program itself, over TLS, on a town that has lived some nights of the demo's week."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from e2e_library import Library
from test_serve_command import opened
from town import PEOPLE_FILE

from chromium.seat import PASSWORD
from cprsync.cli.demo.demo import DemoStage, _live_week, _name_branches, load_week
from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.domain.desk.roles import EVERY_ROLE, Role
from cprsync.mock.server import running
from cprsync.web.accounts import AccountEntry, write_accounts
from cprsync.wiring.setting_up import upgrade_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from test_serve_command import Open

    from cprsync.config.settings import Settings

#: Some tests look up more people than anybody may at a desk.
CAPS = "caps = { an_hour = 1000, a_day = 1000, strangers_a_day = 500 }\n"
#: Up to the first night after Easter: days without a delivery lie behind, and a death waits for a person.
NIGHTS = 4
#: Who signs in, by what they are.
USERS = {
    "skranke": frozenset({Role.DESK}),
    "leder": frozenset({Role.SUPERVISOR}),
    "drift": frozenset({Role.OPERATOR}),
    "privat": frozenset({Role.PRIVACY_OFFICER}),
    "alle": EVERY_ROLE,
}


@dataclass(frozen=True)
class TownDesk:
    """The served desk, its library, and the mock's ready document, by which the register is told to fail."""

    library: Library
    mock: dict[str, Any]
    open: Open

    @property
    def url(self) -> str:
        return self.open.url.rstrip("/")


@contextmanager
def served_town(folder: Path, mock_keys: Path) -> Iterator[TownDesk]:
    """Live the first nights, and serve the desk."""
    shutil.copytree(mock_keys, folder / "mock", dirs_exist_ok=True)
    with running(folder / "mock", PEOPLE_FILE) as ready:
        library = Library(folder / "library")
        write_folder(library.folder, mock=folder / "mock" / "ready.json")
        _name_branches(library.folder / "policy.toml")
        settings = load_settings(library.folder / "cprsync.toml")
        _live_nights(settings, library.folder, ready)
        _let_sign_in(library, folder / "mock" / "certs", settings.library[0].agency)
        with opened(library, folder / "errors") as desk:
            yield TownDesk(library, ready, desk)


def _live_nights(settings: Settings, folder: Path, ready: dict[str, Any]) -> None:
    upgrade_store(settings.store)
    week = load_week()
    del week.nights[NIGHTS:]
    _live_week(DemoStage(folder, ready, settings, week, "da", as_json=True))


def _let_sign_in(library: Library, certs: Path, agency: str) -> None:
    """Give the desk its accounts, and the certificate of the mock's server."""
    # a hash that is made and checked in no time
    kept = Argon2id(salt=bytes(16), length=32, iterations=1, lanes=1, memory_cost=8).derive_phc_encoded(
        PASSWORD.encode()
    )
    write_accounts(
        library.folder / "accounts.toml",
        [
            AccountEntry(name=name, password=kept, roles=roles, libraries=frozenset({agency}))
            for name, roles in USERS.items()
        ],
    )
    named = {"certificate": certs / "server.pem", "key": certs / "server.key"}
    lines = "".join(f'{name} = "{path}"\n' for name, path in named.items())
    library.rewrite("cprsync.toml", "[desk]\n", f'[desk]\naccounts = "accounts.toml"\n{CAPS}{lines}')

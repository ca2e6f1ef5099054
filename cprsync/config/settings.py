"""Reads an installation's settings from a TOML file and the environment, and checks them at once.

Knows what a setting may be, not what is done with it. Holds no secret: keys and certificates are named by their paths.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cprsync.config.addresses import LOOPBACK, Address, HourOfDay, PerSecond, Workers
from cprsync.config.alarms import AlarmsSection
from cprsync.config.packaged import MunicipalityCode  # noqa: TC001 -- pydantic reads the annotations
from cprsync.config.paths import map_paths
from cprsync.config.sign_in import PatronPageSection, SignInSection  # noqa: TC001 -- pydantic reads the annotations
from cprsync.config.targets import RESERVED_TARGET, AnyTarget, FileTarget, place_target
from cprsync.config.toml import Mistake, Strict, TomlPlaces, build_error, first_mistake, read_toml
from cprsync.domain.feed.delivery import AGREED_RECORDS, LOAD_HOUR
from cprsync.domain.trust.backup import KEEP_DAYS_MAX
from cprsync.errors import ConfigurationError, WrongValue
from cprsync.private import CREDENTIAL, check_unchangeable

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The most processes that answer browsers at one desk.
WORKERS_MAX = 8
_AGENCY: Final = re.compile(r"[0-9]{6}")


class StoreSection(Strict):
    """Where the records are: `sqlite:///path` or `postgresql+psycopg://…`."""

    url: str
    #: PostgreSQL: the role that owns the tables, for `db upgrade` alone
    owner_url: str | None = None
    #: PostgreSQL: the role that deletes from the audit what is over; None: `url` does everything
    keeper_url: str | None = None
    #: who was closed or erased, kept outside the database; by default beside the configuration
    erase_journal: Path = Path("erase-journal.log")

    @property
    def owners(self) -> str:
        """How the owner of the tables connects; without roles, as the program does."""
        return self.owner_url or self.url

    @property
    def lacks_owner(self) -> bool:
        """There are roles, and the one that may change tables is not given here."""
        return self.keeper_url is not None and self.owner_url is None

    @model_validator(mode="after")
    def _check_roles(self) -> Self:
        if self.owner_url is not None and self.keeper_url is None:
            raise WrongValue("owner_url needs keeper_url beside it")
        return self


class KeysSection(Strict):
    """The folder of the keys that seal the records. It is never inside the database."""

    dir: Path


class RegisterSection(Strict):
    """The platform's two SOAP services and our agreement with it."""

    lookup_url: Address
    subscription_url: Address
    ca: Path
    client_cert: Path | None = None
    client_key: Path | None = None
    p12: Path | None = None
    p12_password_file: Path | None = None
    service_agreement: str = Field(pattern=r"^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$")
    user_system: str = Field(pattern=r"^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$")
    user: str = Field(pattern=r"^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$")
    cvr: str = Field(pattern=r"^[0-9]{8}$")
    #: the company number in our certificate, if it belongs to a supplier that calls for us
    certificate_cvr: str | None = Field(default=None, pattern=r"^[0-9]{8}$")
    #: lists of revoked certificates, as files that another program keeps up to date
    crl: tuple[Path, ...] = ()
    context: Literal["invocation", "authority"] = "invocation"
    #: how many patrons in a window of the feed the register is asked about on one day
    windows_a_day: int = Field(default=20_000, ge=0, le=1_000_000)
    #: others subscribe under the same agreement: we remove only what we added. Each section with the agreement says it
    shared: bool = False
    #: calls at the same time
    workers: Workers = 4
    #: calls per second, of all workers together
    per_second: PerSecond = 200

    @model_validator(mode="after")
    def _one_certificate(self) -> RegisterSection:
        if (self.client_cert is None) == (self.p12 is None):
            raise WrongValue("give either client_cert (with client_key) or p12")
        return self


class FeedSection(Strict):
    """Where deliveries arrive: a folder (`path`), or a folder on an SFTP server (`host` and the settings with it)."""

    path: Path | None = None
    host: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._:-]{1,253}$")
    port: int = Field(default=22, ge=1, le=65535)
    user: str | None = Field(default=None, min_length=1)
    key: Path | None = None
    known_hosts: Path | None = None
    folder: str = Field(default="IN", min_length=1)
    task: str = Field(pattern=r"^[0-9]{6}$")
    chain: Literal["strict", "warn"] = "strict"
    count: Literal["strict", "warn"] = "strict"
    #: the record types that the task delivers: one that is missing says "there is none", any other says nothing
    records: tuple[Annotated[str, Field(pattern=r"^[0-9]{3}$")], ...] = AGREED_RECORDS
    #: by then, in Copenhagen, the register has loaded the delivery of the day before
    load_hour: HourOfDay = LOAD_HOUR
    after: Literal["keep", "delete"] = "keep"
    #: how long a file without its `.metadata` is left alone after it was written
    metadata_minutes: int = Field(default=30, ge=0, le=1440)
    #: the longest wait for one answer of the server
    stall_seconds: int = Field(default=60, ge=1, le=600)
    #: a file that comes more slowly than this many bytes a second, over `floor_seconds` of waiting, is given up
    floor_bytes_per_second: int = Field(default=1024, ge=1, le=10_000_000)
    floor_seconds: int = Field(default=60, ge=1, le=3600)
    #: the total time for one run's requests to the server
    total_seconds: int = Field(default=3600, ge=10, le=86_400)

    @property
    def place(self) -> tuple[object, ...]:
        """Where deliveries arrive: equal for two libraries that fetch the same ones."""
        return (self.path, self.host, self.port, self.user, self.folder) if self.path is None else (self.path,)

    @model_validator(mode="after")
    def _one_place(self) -> FeedSection:
        sftp = (self.host, self.user, self.key, self.known_hosts)
        if (self.path is None) == (self.host is None):
            raise WrongValue("give either path or host")
        if self.path is None and None in sftp:
            raise WrongValue("host needs user, key and known_hosts")
        if self.path is not None and sftp != (None,) * 4:
            raise WrongValue("user, key and known_hosts belong to host, not to path")
        return self

    @field_validator("records")
    @classmethod
    def _persons_first(cls, records: tuple[str, ...]) -> tuple[str, ...]:
        if "001" not in records:
            raise WrongValue("every task delivers 001")
        if framing := sorted({"000", "999"}.intersection(records)):
            raise WrongValue("000 and 999 are in every delivery: leave out {named}", named=", ".join(framing))
        return records


class CulrSection(Strict):
    """CULR, which the net media ask for a patron's municipality, and our identification there."""

    url: Address
    ca: Path
    user: str = Field(min_length=1)
    group: str = Field(min_length=1)
    password_file: Path
    crl: tuple[Path, ...] = ()
    #: whether each card has its own account, with which it logs in
    local_accounts: Literal["none", "cards"] = "none"
    #: calls at the same time
    workers: Workers = 16
    #: calls per second, of all workers together
    per_second: PerSecond = 500


class FbsSection(Strict):
    """Cicero (FBS), with whose patrons the records are compared, and our user there."""

    url: Address
    ca: Path
    #: the library's ISIL; None: DK- and its agency number
    agency: str | None = Field(default=None, pattern=r"^[A-Z]{2}-[A-Za-z0-9-]{1,11}$")
    user: str = Field(min_length=1)
    password_file: Path
    crl: tuple[Path, ...] = ()
    #: calls at the same time
    workers: Workers = 8
    #: calls per second, of all workers together
    per_second: PerSecond = 50


def _check_agency(typed: str) -> str:
    if _AGENCY.fullmatch(typed) is None:
        raise WrongValue("expected the six digits of the library's agency number")
    return typed


class LibrarySection(Strict):
    """One library, which is its own data controller, with a policy and the municipalities that count as residence."""

    agency: Annotated[str, AfterValidator(_check_agency)]
    name: str
    municipalities: frozenset[MunicipalityCode] = frozenset()
    policy: Path | None = None
    register_: RegisterSection = Field(alias="register")
    feed: FeedSection
    #: None: the net media are not told, and what they must be told waits
    culr: CulrSection | None = None
    #: None: the records are compared with no library system
    fbs: FbsSection | None = None
    #: None: patrons have no page
    patron_page: PatronPageSection | None = None
    #: other systems that hear of patrons
    target: tuple[AnyTarget, ...] = ()

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [one.name for one in self.target]
        if len(set(names)) < len(names) or RESERVED_TARGET in names:
            raise WrongValue("each target needs a name of its own, and none is called culr")
        return self


class AuditSection(Strict):
    """Which accounts count as persons in the audit."""

    #: accounts of the operating system that belong to no person; those below 1000 do not either
    service_accounts: frozenset[str] = frozenset()
    #: accounts that may name, with --as, the person they act for
    may_name: frozenset[str] = frozenset()


class CapsSection(Strict):
    """How often one person at the desk may look somebody up."""

    an_hour: int = Field(default=30, ge=1, le=1000, strict=True)
    a_day: int = Field(default=150, ge=1, le=5000, strict=True)
    #: people who do not become patrons
    strangers_a_day: int = Field(default=5, ge=1, le=500, strict=True)


class DeskSection(Strict):
    """The desk in a browser: who may sign in, and where it is reached. Left out: this machine alone, without log-in."""

    #: the file of accounts, which `cprsync accounts` writes; None: nobody has to sign in
    accounts: Path | None = None
    #: the identity provider where staff sign in; None: none
    sign_in: SignInSection | None = None
    #: the server's certificate with its chain, and its key, as PEM files
    certificate: Path | None = None
    key: Path | None = None
    #: the issuers of the machines' certificates; None: no machine is let in
    machines_ca: Path | None = None
    #: the address that is listened on
    host: str = "127.0.0.1"
    #: the names by which browsers ask for the desk
    names: frozenset[Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")]] = frozenset()
    #: how many processes answer browsers
    workers: int = Field(default=1, ge=1, le=WORKERS_MAX, strict=True)
    caps: CapsSection = CapsSection()

    @model_validator(mode="after")
    def _check_reach(self) -> Self:
        if (self.certificate is None) is not (self.key is None):
            raise WrongValue("certificate and key go together")
        if self.machines_ca is not None and (self.accounts is None or self.certificate is None):
            raise WrongValue("machines_ca needs accounts, certificate and key")
        is_near = self.host in LOOPBACK
        if not is_near and (not self.signs_in or self.certificate is None or not self.names):
            raise WrongValue("another host than 127.0.0.1 needs accounts or sign_in, certificate, key and names")
        return self

    @property
    def signs_in(self) -> bool:
        """Whether people have to sign in."""
        return self.accounts is not None or self.sign_in is not None


class BackupSection(Strict):
    """Where backups are put, with which key they are encrypted, and how long they are kept."""

    #: on another disk than the database; None: `backup` and `drill` name it each time
    folder: Path | None = None
    #: the public key that `backup key` wrote; None: no backup is made
    recipient: Path | None = None
    keep_days: int = Field(default=30, ge=1, le=KEEP_DAYS_MAX, strict=True)


class TestingSection(Strict):
    """For the test environment only: the mock that gives the clock."""

    control_url: str | None = None


class Settings(BaseSettings):
    """An installation. Environment variables override the file: `CPRSYNC_STORE__URL` is `[store] url`."""

    model_config = SettingsConfigDict(
        env_prefix="CPRSYNC_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    environment: Literal["production", "test"] = "production"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    store: StoreSection
    keys: KeysSection
    library: tuple[LibrarySection, ...] = Field(min_length=1)
    audit: AuditSection = AuditSection()
    desk: DeskSection = DeskSection()
    backup: BackupSection = BackupSection()
    alarms: AlarmsSection = AlarmsSection()
    test: TestingSection = TestingSection()

    @property
    def is_production(self) -> bool:
        """Whether the persons are real."""
        return self.environment == "production"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment override the file, and read nothing else."""
        return env_settings, init_settings


def load_settings(path: Path) -> Settings:
    """Read a configuration file. Relative paths start from its folder.

    Raises ConfigurationError, which names the file, the line and the key, but never the value.
    """
    document, text = read_toml(path, "configuration", private=True)
    try:
        settings = Settings(**(dict.fromkeys(_find_unknown_sections()) | document))
    except ValidationError as error:
        first = first_mistake(error)
        mistake = place_target(first)._replace(others=tuple(map(place_target, first.others)))
        raise build_error(path, TomlPlaces(text), mistake, kind="configuration", elsewhere=_is_in_environment) from None
    if settings.environment == "production" and settings.test.control_url is not None:
        raise _has_test_section(path, text)
    if mistakes := list(_find_clashes(settings, text)):
        first = mistakes[0]._replace(others=tuple(mistakes[1:]))
        raise build_error(path, TomlPlaces(text), first, kind="configuration", elsewhere=_is_in_environment)
    settings = _anchor_paths(settings, path.resolve().parent)
    for library in settings.library:
        if library.policy is not None:
            check_unchangeable(library.policy)
    return settings


def _find_unknown_sections() -> set[str]:
    """The sections that only the environment names. pydantic reads there what it knows, and passes over the rest."""
    places = (name.lower().split("__") for name in os.environ)
    named = {place[0].removeprefix("cprsync_") for place in places if place[0].startswith("cprsync_") and place[1:]}
    return named - {*Settings.model_fields}


def _is_in_environment(mistake: Mistake) -> bool:
    """Whether a setting, or the list that it is in, comes from the environment: it then has no line in the file."""
    place = mistake.place
    if place and str(place[0]) in _find_unknown_sections():
        return True
    lists = [place[:depth] for depth, part in enumerate(place) if isinstance(part, int)]
    return any(f"CPRSYNC_{'__'.join(map(str, one))}".upper() in os.environ for one in (place, *lists))


def _has_test_section(path: Path, text: str) -> ConfigurationError:
    place = ("test", "control_url")
    told = 'remove [test], or set environment = "test": production takes its day from no mock'
    mistake = Mistake(place, WrongValue(told))
    return build_error(path, TomlPlaces(text), mistake, kind="configuration", elsewhere=_is_in_environment)


def _find_clashes(settings: Settings, text: str) -> Iterator[Mistake]:
    """Find the libraries that stand in the way of an earlier one.

    A section is named by its agency: no command would reach the second. Without `shared`, a night ends each
    subscription under the agreement that is not its own library's. Where two fetch from one place, a night that deletes
    what it has fetched takes it from the other. Two targets of one name and folder mix their files.
    """
    for position, ours in enumerate(settings.library):
        for earlier, theirs in enumerate(settings.library[:position]):
            one, other = ours.register_, theirs.register_
            if ours.agency == theirs.agency:
                yield _build_clash(("library", position, "agency"), earlier, _SAME_AGENCY, text)
                break
            if one.service_agreement == other.service_agreement and not (one.shared and other.shared):
                place = ("library", position, "register", "service_agreement")
                yield _build_clash(place, earlier, _SAME_AGREEMENT, text)
                break
            if ours.feed.place == theirs.feed.place and "delete" in {ours.feed.after, theirs.feed.after}:
                deletes, keeps = (position, earlier) if ours.feed.after == "delete" else (earlier, position)
                yield _build_clash(("library", deletes, "feed", "after"), keeps, _SAME_PLACE, text)
                break
            for number, target in enumerate(ours.target):
                if isinstance(target, FileTarget) and _file_place(target) in map(_file_place, theirs.target):
                    folder = ("library", position, "target", number, "folder")
                    yield _build_clash(folder, earlier, _SAME_FOLDER, text)


def _file_place(target: AnyTarget) -> tuple[str, Path | None]:
    """What tells the files of a target from all others. Of one that writes none, the name alone."""
    return target.name, target.folder if isinstance(target, FileTarget) else None


_SAME_AGENCY: Final = "{other} has the same agency: each [[library]] is a library of its own"
_SAME_AGREEMENT: Final = (
    "{other} has the same service agreement, and one library's night would end the other's subscriptions: "
    "give each its own agreement, or write shared = true in both"
)
_SAME_PLACE: Final = (
    "{other} fetches its deliveries from the same place, and never gets what this library's night has deleted: "
    'write after = "keep" in both'
)

_SAME_FOLDER: Final = (
    "{other} has a target of the same name with the same folder, and each would take the other's files for its own: "
    "give each a folder of its own"
)


def _build_clash(place: tuple[str | int, ...], earlier: int, told: str, text: str) -> Mistake:
    mistake = Mistake(place, WrongValue(told))
    other = TomlPlaces("" if _is_in_environment(mistake) else text).name_of(("library", earlier))
    return mistake._replace(told=WrongValue(told, other=other))


def audit_section(path: Path) -> AuditSection:
    """Read the `[audit]` section before anything else. Ignores errors in it, which `load_settings` reports."""
    with suppress(ConfigurationError, ValidationError):
        document, _ = read_toml(path, "configuration")
        return AuditSection(**document.get("audit", {}))
    return AuditSection()


def _anchor_paths(settings: Settings, folder: Path) -> Settings:
    """The settings with every relative path, wherever it stands, from this folder on."""
    found: Settings = map_paths(lambda path: _credential(str(path)) or folder / path, settings)
    return found.model_copy(
        update={"store": found.store.model_copy(update={"url": _sqlite_from(folder, settings.store.url)})}
    )


def relocate(settings: Settings, old: Path, new: Path) -> Settings:
    """The settings with every path below one folder meant below another."""

    def move(path: Path) -> Path:
        # a path may lead out of its folder
        path = Path(os.path.normpath(path))
        return new / path.relative_to(old) if path.is_relative_to(old) else path

    found: Settings = map_paths(move, settings)
    scheme, separator, path = found.store.url.partition(":///")
    is_file = scheme.startswith("sqlite") and separator
    url = f"{scheme}:///{move(Path(path))}" if is_file else found.store.url
    return found.model_copy(update={"store": found.store.model_copy(update={"url": url})})


def sqlite_file(url: str) -> Path | None:
    """The file of a SQLite database. None: the database is a server's."""
    scheme, _, path = url.partition(":///")
    return Path(path) if scheme.startswith("sqlite") else None


def credentials_folder() -> Path | None:
    """Where systemd has put the secrets of the service that this process is. None: it is no such service."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    return Path(given) if given else None


def _credential(written: str) -> Path | None:
    """The file of a secret that systemd hands to the service (LoadCredential). None: the path means a file of ours.

    Outside the service there is none, and the path stays as it is written: whoever reads it says so.
    """
    name, given = written.removeprefix(CREDENTIAL), credentials_folder()
    return given / name if given and name != written and "/" not in name else None


def _sqlite_from(folder: Path, url: str) -> str:
    scheme, separator, path = url.partition(":///")
    relative = scheme.startswith("sqlite") and separator and not path.startswith("/")
    return f"{scheme}:///{folder / path}" if relative else url

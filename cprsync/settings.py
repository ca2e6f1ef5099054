"""The settings of an installation, read from a TOML file and the environment and checked at once.

Knows what a setting may be, not what is done with it. Holds no secret: keys and certificates are
named by their paths.
"""

from __future__ import annotations

import tomllib
from pathlib import Path  # noqa: TC003 -- pydantic reads the annotations
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from cprsync.domain.policy import DEFAULT_LIMITS, Harm, Limit, Policy
from cprsync.errors import ConfigurationError

#: A configuration or policy file is not larger than this.
FILE_MAX_BYTES = 1024 * 1024


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSection(_Strict):
    """Where the records are: `sqlite:///path` or `postgresql+psycopg://…`."""

    url: str
    owner_url: str | None = None


class KeysSection(_Strict):
    """The folder of the keys that seal the records; never inside the database."""

    dir: Path


class RegisterSection(_Strict):
    """The platform's two SOAP services and our agreement with it."""

    lookup_url: str = Field(pattern=r"^https://")
    subscription_url: str = Field(pattern=r"^https://")
    ca: Path
    client_cert: Path | None = None
    client_key: Path | None = None
    p12: Path | None = None
    p12_password_file: Path | None = None
    service_agreement: str = Field(pattern=r"^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$")
    user_system: str = Field(pattern=r"^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$")
    user: str = Field(pattern=r"^[a-f0-9]{8}(-[a-f0-9]{4}){3}-[a-f0-9]{12}$")
    cvr: str = Field(pattern=r"^[0-9]{8}$")
    context: Literal["invocation", "authority"] = "invocation"
    #: others subscribe under the same agreement: only what we added is removed
    shared: bool = False

    @model_validator(mode="after")
    def _one_certificate(self) -> RegisterSection:
        if (self.client_cert is None) == (self.p12 is None):
            raise ValueError("give either client_cert (with client_key) or p12")
        return self


class FeedSection(_Strict):
    """Where deliveries arrive: a folder (`path`), or a folder of an SFTP server (`host` and what goes with it)."""

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
    after: Literal["keep", "delete"] = "keep"

    @model_validator(mode="after")
    def _one_place(self) -> FeedSection:
        sftp = (self.host, self.user, self.key, self.known_hosts)
        if (self.path is None) == (self.host is None):
            raise ValueError("give either path or host")
        if self.path is None and None in sftp:
            raise ValueError("host needs user, key and known_hosts")
        if self.path is not None and sftp != (None,) * 4:
            raise ValueError("user, key and known_hosts belong to host, not to path")
        return self


class LibrarySection(_Strict):
    """One library: its own data controller, with a policy and the municipalities that count as residence."""

    agency: str = Field(pattern=r"^[0-9]{6}$")
    name: str
    municipalities: frozenset[str] = frozenset()
    policy: Path | None = None
    register_: RegisterSection = Field(alias="register")
    feed: FeedSection


class TestingSection(_Strict):
    """Only in the test environment: the mock whose clock is taken."""

    control_url: str | None = None


class Settings(BaseSettings):
    """An installation. Environment variables win over the file: `CPRSYNC_STORE__URL` is `[store] url`."""

    model_config = SettingsConfigDict(
        env_prefix="CPRSYNC_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    environment: Literal["production", "test"] = "production"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "WARNING"
    store: StoreSection
    keys: KeysSection
    library: tuple[LibrarySection, ...] = Field(min_length=1)
    test: TestingSection = TestingSection()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 -- pydantic's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 -- the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, and read nothing else."""
        return env_settings, init_settings


def load_settings(path: Path) -> Settings:
    """Read a configuration file; relative paths are meant from its folder.

    Raises ConfigurationError naming the file and the key, never the value.
    """
    document = _toml(path, "configuration")
    try:
        settings = Settings(**document)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_first(error)}") from None
    if settings.environment == "production" and settings.test.control_url is not None:
        raise ConfigurationError(f'{path}: test.control_url belongs to environment = "test"')
    return _anchored(settings, path.resolve().parent)


def load_policy(path: Path | None, home: frozenset[str]) -> Policy:
    """Read a library's policy, or take the default one.

    Raises ConfigurationError naming the file and the key.
    """
    if path is None:
        return Policy(home=home)
    document = _toml(path, "policy")
    try:
        read = PolicyFile.model_validate(document)
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_first(error)}", kind="policy") from None
    limits = dict(DEFAULT_LIMITS)
    limits.update({harm: limit.value() for harm, limit in read.guard.items()})
    return Policy(limits=limits, silent_is_sealed=read.silent_protection == "sealed", home=home)


class LimitEntry(_Strict):
    """As many as `count`, or as `share` of the patrons if that is more, but never above `ceiling`."""

    count: int = Field(ge=0, le=10_000_000, strict=True)
    share: float = Field(ge=0, le=1, default=0.0)
    ceiling: int | None = Field(ge=0, default=None, strict=True)

    def value(self) -> Limit:
        return Limit(self.count, self.share, self.ceiling)


class PolicyFile(_Strict):
    """`policy.toml`: the guard's limits, and how silence about protection is read."""

    silent_protection: Literal["sealed", "open"] = "sealed"
    guard: dict[Harm, LimitEntry] = Field(default_factory=dict)


def _toml(path: Path, what: str) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_MAX_BYTES + 1)
        if len(content) > FILE_MAX_BYTES:
            raise ConfigurationError(f"{path}: larger than {FILE_MAX_BYTES} bytes", kind=what)
        return tomllib.loads(content.decode("utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(f"{path}: the {what} file is not there", kind=what) from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})", kind=what) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}: not TOML: {error}", kind=what) from None
    except RecursionError:
        raise ConfigurationError(f"{path}: not TOML: nested too deep", kind=what) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8", kind=what) from None


#: pydantic's kinds of mistake whose own words would puzzle an operator.
PLAIN = {
    "extra_forbidden": "there is no such setting",
    "missing": "this setting is missing",
    "enum": "there is no such class of harm",
}


def _first(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"] if part != "[key]") or "the whole"
    more = error.error_count() - 1
    told = PLAIN.get(first["type"], first["msg"])
    return f"{where}: {told}" + (f" (and {more} more)" if more else "")


def _anchored(settings: Settings, folder: Path) -> Settings:
    libraries = tuple(
        library.model_copy(
            update={
                "policy": _from(folder, library.policy),
                "register_": library.register_.model_copy(
                    update={
                        name: _from(folder, getattr(library.register_, name))
                        for name in ("ca", "client_cert", "client_key", "p12", "p12_password_file")
                    }
                ),
                "feed": library.feed.model_copy(
                    update={name: _from(folder, getattr(library.feed, name)) for name in ("path", "key", "known_hosts")}
                ),
            }
        )
        for library in settings.library
    )
    keys = settings.keys.model_copy(update={"dir": _from(folder, settings.keys.dir)})
    store = settings.store.model_copy(update={"url": _sqlite_from(folder, settings.store.url)})
    return settings.model_copy(update={"library": libraries, "keys": keys, "store": store})


def _from(folder: Path, path: Path | None) -> Path | None:
    return None if path is None else folder / path


def _sqlite_from(folder: Path, url: str) -> str:
    scheme, separator, path = url.partition(":///")
    relative = scheme.startswith("sqlite") and separator and not path.startswith("/")
    return f"{scheme}:///{folder / path}" if relative else url

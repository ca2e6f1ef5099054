"""The shape of the development certificates: `certs/profile.toml` as types, and the names that follow from it.

Leaves out the issuing, which `authority` does.
"""

import ipaddress
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from cryptography import x509
from cryptography.x509.oid import NameOID

from cprsync.errors import ConfigurationError
from cprsync.resources import certs_path

_HASHES = frozenset({"sha256", "sha384", "sha512"})
_KEY_BITS = range(2048, 8192 + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the profile says of any certificate. `hash`: the hash of the signature on it."""

    common_name: str
    organization: str
    key_bits: int
    hash: str
    days: int

    def __post_init__(self) -> None:
        if self.key_bits not in _KEY_BITS or self.hash not in _HASHES or self.days < 1:
            raise ConfigurationError("the certificate profile has an impossible key_bits, hash or days")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityShape(Shape):
    """The profile of a root or an issuing CA."""

    unit: str

    @property
    def subject(self) -> x509.Name:
        return _name(
            (NameOID.ORGANIZATION_NAME, self.organization),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, self.unit),
            (NameOID.COMMON_NAME, self.common_name),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientShape(Shape):
    """The profile of the client's certificate."""

    cvr: str
    uuid: str
    policy: str

    @property
    def subject(self) -> x509.Name:
        return _name(
            (NameOID.ORGANIZATION_IDENTIFIER, f"NTRDK-{self.cvr}"),
            (NameOID.ORGANIZATION_NAME, self.organization),
            (NameOID.SERIAL_NUMBER, f"UI:DK-O:G:{self.uuid}"),
            (NameOID.COMMON_NAME, self.common_name),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerShape(Shape):
    """The profile of the server's certificate. `hosts`: names and IP addresses."""

    hosts: Sequence[str]

    @property
    def subject(self) -> x509.Name:
        return _name((NameOID.ORGANIZATION_NAME, self.organization), (NameOID.COMMON_NAME, self.common_name))

    @property
    def alternative_names(self) -> x509.SubjectAlternativeName:
        return x509.SubjectAlternativeName([_general_name(host) for host in self.hosts])


@dataclass(frozen=True, slots=True)
class Profile:
    """The shape of all four certificates."""

    root: AuthorityShape
    issuing: AuthorityShape
    client: ClientShape
    server: ServerShape

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a profile.

        Raises:
            ConfigurationError: it is no TOML, or a part is missing, unknown or impossible.
        """
        try:
            tables = tomllib.loads(text)
            return cls(
                root=AuthorityShape(**tables.pop("root")),
                issuing=AuthorityShape(**tables.pop("issuing")),
                client=ClientShape(**tables.pop("client")),
                server=ServerShape(**tables.pop("server")),
                **tables,
            )
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise ConfigurationError("the certificate profile is not in order") from error

    def with_key_bits(self, bits: int) -> Self:
        """Give every key this size. For tests, because keys of the real sizes take a second."""
        return replace(
            self,
            root=replace(self.root, key_bits=bits),
            issuing=replace(self.issuing, key_bits=bits),
            client=replace(self.client, key_bits=bits),
            server=replace(self.server, key_bits=bits),
        )


def packaged_profile() -> Profile:
    """Read the profile that comes with cprsync, with the real sizes."""
    return Profile.parse(certs_path("profile.toml").read_text(encoding="utf-8"))


def _name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    country = (NameOID.COUNTRY_NAME, "DK")
    return x509.Name([x509.NameAttribute(kind, value) for kind, value in (country, *parts)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)

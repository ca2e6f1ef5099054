"""The sections about an identity provider (OpenID Connect): where it is, and what its claims mean here."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- pydantic reads the annotations
from typing import Annotated, Self, TypeAlias

from pydantic import Field, model_validator

from cprsync.config.addresses import Address, OwnAddress  # noqa: TC001 -- pydantic reads the annotations
from cprsync.config.toml import Strict
from cprsync.domain.desk.claims import ClaimRules, RoleRule
from cprsync.domain.desk.roles import Role  # noqa: TC001 -- pydantic reads the annotations
from cprsync.errors import WrongValue

ClaimName: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]
#: A word of a list that is sent with blanks between: a scope, or a level.
Scope: TypeAlias = Annotated[str, Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]{1,200}$")]


class ProviderSection(Strict):
    """One registration of ours at one identity provider."""

    #: exactly as the provider writes it in its tokens
    issuer: Address
    client_id: str = Field(min_length=1, max_length=200)
    #: the file with our secret there, and nothing else
    client_secret_file: Path
    #: the issuers that the provider's certificate may come from
    ca: Path
    crl: tuple[Path, ...] = ()
    #: our own address, as browsers type it and the provider has it
    address: OwnAddress
    scopes: tuple[Scope, ...] = ()
    #: the levels at which signing in is enough, the best first; left out: any is
    acr_values: tuple[Scope, ...] = Field(default=(), max_length=10)
    #: whether claims that the ID token lacks are read from the provider's userinfo endpoint
    userinfo: bool = Field(default=False, strict=True)
    #: what the page calls the provider
    title: str = Field(min_length=1, max_length=60)


class RoleEntry(Strict):
    """What one value of the roles' claim makes of a person."""

    value: str = Field(min_length=1, max_length=500)
    role: Role
    #: the agency numbers of the libraries where it counts; left out: each
    libraries: frozenset[Annotated[str, Field(pattern=r"^[0-9]{6}$")]] = frozenset()


class SignInSection(ProviderSection):
    """The provider where staff sign in."""

    #: the claim with the name by which the audit knows a person
    name_claim: ClaimName = "preferred_username"
    #: the claim with the values that give roles
    roles_claim: ClaimName
    role: tuple[RoleEntry, ...] = Field(min_length=1, max_length=200)
    #: the claim with a person's own CPR number, of which a keyed hash is kept
    number_claim: ClaimName | None = None
    #: or the claim with their own patron number; with neither, their own record is anybody's
    patron_claim: ClaimName | None = None

    @model_validator(mode="after")
    def _check_own(self) -> Self:
        if self.number_claim is not None and self.patron_claim is not None:
            raise WrongValue("give number_claim or patron_claim, not both")
        return self

    def rules(self) -> ClaimRules:
        """The claims as the domain reads them."""
        given = tuple(RoleRule(one.value, one.role, one.libraries) for one in self.role)
        own = _named_by(self.number_claim, self.patron_claim)
        return ClaimRules(self.name_claim, self.roles_claim, given, own)


def _named_by(number_claim: str | None, patron_claim: str | None) -> tuple[str, str] | None:
    """What a claim holds, by the field's key, and its name. None: there is no claim."""
    if number_claim is not None:
        return "cpr_number", number_claim
    return None if patron_claim is None else ("patron", patron_claim)


class PatronProviderSection(ProviderSection):
    """The provider where patrons sign in: a registration of its own, whose token says who they are."""

    #: the claim with the CPR number, as brokers of MitID give it to a public body
    number_claim: ClaimName | None = None
    #: or the claim with our own patron number
    patron_claim: ClaimName | None = None

    @model_validator(mode="after")
    def _check_claim(self) -> Self:
        if (self.number_claim is None) == (self.patron_claim is None):
            raise WrongValue("give either number_claim or patron_claim")
        return self

    @property
    def claim(self) -> tuple[str, str]:
        """What the claim holds, by the field's key, and its name."""
        return _named_by(self.number_claim, self.patron_claim) or ("patron", "")


class PatronPageSection(Strict):
    """The patron's own pages. Left out: there are none."""

    #: whether a card and its PIN open what is the patron's and says nothing of who they are
    cards: bool = Field(default=False, strict=True)
    #: where patrons prove who they are; None: nowhere, and nothing more opens
    sign_in: PatronProviderSection | None = None

    @model_validator(mode="after")
    def _check_ways(self) -> Self:
        if not self.cards and self.sign_in is None:
            raise WrongValue("give cards = true, or sign_in, or both")
        return self

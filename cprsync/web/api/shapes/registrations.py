"""What the API answers before and after somebody is looked up or registered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cprsync.web.api.shapes.answers import Answer, Both, FieldName, Fields, HiddenBy, Hit, KeptBlock, Warned


class Residence(Answer):
    """The municipality that counts, and whether it is the library's own."""

    code: str | None
    residence: Literal["resident", "not_resident", "unknown"]


class Right(Answer):
    """One right, as it would be."""

    product: str
    title: Both
    answer: Literal["yes", "no", "undecided"]
    text: Both


class Preview(Answer):
    """What a yes would do."""

    what: str
    patron: str | None
    digest: str
    needs_reason: bool
    kind: str = ""
    age: int | None = None
    group: str = ""
    municipality: Residence | None = None
    rights: list[Right] = Field(default_factory=list)
    differences: list[FieldName] = Field(default_factory=list)
    kept_blocks: list[KeptBlock] = Field(default_factory=list)
    changes: list[str] = Field(default_factory=list)


class Done(Answer):
    """What was done when a patron was registered."""

    #: the fields that were kept
    kept: list[FieldName]
    #: who answers for the patron
    responsible: list[str]
    subscribed: bool
    #: the register has still to answer
    provisional: bool


class WhoAnswers(Answer):
    """Who is to answer for a minor. A hidden person's name is left out."""

    #: null: they get a record without borrowing rights
    patron: str | None
    name: str | None
    sealed: bool
    #: false: the register has still to answer about them
    verified: bool


class LinkShown(Answer):
    """Who would answer for a minor, and the key by which the yes names it."""

    key: str
    shown: WhoAnswers
    #: they answer for the minor already: a yes writes nothing
    is_linked: bool


class LookedUp(Answer):
    """The register's answer as the record would be.

    `protected` says that name and address are hidden, and `sealed_by` why, as in a record.
    """

    found: bool
    patron: str | None
    fields: Fields
    actions: list[str]
    warnings: list[Warned]
    protected: bool = False
    sealed_by: HiddenBy = None
    household: bool = False
    written: bool = False
    preview: Preview | None = None
    #: patrons without a number, of the same name and birth date, who may be the same person: give one of them the
    #: number with `/patrons/{patron}/number/preview`, or confirm the registration
    namesakes: list[Hit] = Field(default_factory=list)
    #: what staff typed beside the answer
    typed: dict[FieldName, str] = Field(default_factory=dict)
    responsible: WhoAnswers | None = None
    done: Done | None = None


class Added(Answer):
    """A person about whom the register has said nothing."""

    patron: str | None
    typed: dict[FieldName, str]
    warnings: list[Warned]
    written: bool
    preview: Preview
    #: patrons with the typed name and birth date, who may be the same person; nobody protected is among them
    namesakes: list[Hit] = Field(default_factory=list)
    responsible: WhoAnswers | None = None
    done: Done | None = None


class Shown(Answer):
    """What would be written, and the key by which the yes names it."""

    key: str
    #: `register`: it has answered. `provisional`: it does not answer now, and the person may be registered by their
    #: own words until it does. `unregistered`: no register knows the person.
    way: Literal["register", "provisional", "unregistered"]
    shown: LookedUp | Added


class Written(Answer):
    """What was written, and whether CULR took it. If it did not, a review waits for staff."""

    written: LookedUp | Added
    told: bool

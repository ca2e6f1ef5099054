"""What a caller may ask: closed models, with a ceiling on every text. Nothing personal is part of an address."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

#: What no keyboard types, and PostgreSQL does not keep.
_TYPED: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
#: The most values of a list, such as the cards of one patron.
LIST_MAX: Final = 20

Text = Annotated[str, StringConstraints(max_length=254, pattern=_TYPED)]
Typed = Annotated[str, StringConstraints(min_length=1, max_length=254, pattern=_TYPED)]
Texts = Annotated[list[Typed], Field(max_length=LIST_MAX)]
#: As an answer gives it: it names what the session has in hand.
Key = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
#: Kept in the audit, sealed. At most as long as the audit keeps.
Reason = Annotated[str, StringConstraints(max_length=200, pattern=_TYPED)]
#: Ten digits, with or without a hyphen or blanks; a replacement number may have letters.
Number = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=_TYPED)]
#: Why the register is asked: as in the audit.
WhyAsked = Literal["registration", "renewal", "correction", "debt", "guardian"]


class Asked(BaseModel):
    """What was sent: no name that is not listed, and no value of another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Find(Asked):
    """Whatever staff have of somebody."""

    typed: Typed


class LookUp(Asked):
    """A question to the register, and why."""

    cpr_number: Number
    purpose: WhyAsked


class Reveal(Asked):
    """Why something sealed is opened."""

    reason: Annotated[Reason, StringConstraints(min_length=1)]


class Beside(Asked):
    """What staff type beside the register's answer."""

    cards: Texts = []
    pin: Text = ""
    branch: Text = ""
    telephones: Texts = []
    emails: Texts = []


class OwnWords(Beside):
    """What staff type of somebody whom no register knows."""

    #: a replacement number; left out: the person has none
    cpr_number: Annotated[str, StringConstraints(max_length=40, pattern=_TYPED)] = ""
    name: Typed
    birth_date: Text = ""
    address: Texts = []
    group: Text = ""


class Yes(Asked):
    """The yes to what was shown."""

    key: Key
    #: needed if a warning says stop
    reason: Reason = ""
    beside: Beside = Beside()


class ReviewAnswer(Asked):
    """What becomes of a review item. To reject and to reopen need a reason."""

    answer: Literal["accept", "reject", "undo", "reopen"]
    reason: Reason = ""


class Card(Asked):
    """A patron's card, and its PIN."""

    card: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=_TYPED)]
    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,12}$")]

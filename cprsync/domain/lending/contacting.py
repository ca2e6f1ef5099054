"""Whether the library may write to a patron, on which channel and about what, and where a letter on paper goes.

A child's letters go to the child's own address. Leaves out what a message says, and who answers for a child.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol, get_args

from cprsync.domain.lending.standing import Ruling
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.override import Overridden, in_force
from cprsync.domain.person.person import SILENT, Contact
from cprsync.domain.person.sealed import Address, Name, Sealed, label_lines
from cprsync.domain.person.status import STATUS_RULES, Letters, stops_letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from cprsync.domain.patron.local import Local
    from cprsync.domain.patron.override import Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Gap, Person, Silent
    from cprsync.domain.person.sealed import SealedAddress
    from cprsync.domain.policy.policy import Policy


#: The languages of a statement.
LetterLanguage = Literal["da", "en"]
LETTER_LANGUAGES: Final[tuple[LetterLanguage, ...]] = get_args(LetterLanguage)
_NONE: Final[Mapping[Overridden, Override]] = {}


class ContactWay(enum.Enum):
    """A way to reach a patron."""

    #: on paper
    LETTER = "letter"
    #: to the telephone number marked for notices
    SMS = "sms"
    #: to the e-mail address marked for notices
    EMAIL = "email"


class About(enum.Enum):
    """What the message is about."""

    #: a loan is due or late: påmindelse, hjemkaldelse
    REMINDER = "reminder"
    #: for example, a reservation is ready
    NOTICE = "notice"
    #: a debt: regning
    BILL = "bill"


class ContactRule(enum.Enum):
    """Why a patron may be contacted, or not."""

    #: yes: the address is known
    ADDRESS = "address"
    #: yes: the patron gave a telephone number for notices
    TELEPHONE = "telephone"
    #: yes: the patron gave an e-mail address for notices
    EMAIL = "email"
    #: no: the patron is dead, or a delivery said so and letters were stopped
    DEAD = "dead"
    #: no: the patron's group gets no reminders
    GROUP_SILENT = "group_silent"
    #: no: the library sends nothing on paper
    NO_PAPER = "no_paper"
    #: not yet: name and address are sealed, and staff must first open them and give a reason
    REVEAL_FIRST = "reveal_first"
    #: no: there is no address that a letter would reach
    NO_ADDRESS = "no_address"
    #: no: the patron has no telephone number marked for notices
    NO_TELEPHONE = "no_telephone"
    #: no: the patron has no e-mail address marked for notices
    NO_EMAIL = "no_email"


_YES: Final = {
    ContactWay.LETTER: ContactRule.ADDRESS,
    ContactWay.SMS: ContactRule.TELEPHONE,
    ContactWay.EMAIL: ContactRule.EMAIL,
}


class NoLetter(enum.Enum):
    """Why no letter is sent."""

    #: the patron is dead; only staff see a contact address
    STOPPED = "stopped"
    #: name and address are sealed: a letter needs staff to open them first and give a reason
    SEALED = "sealed"
    #: no known address would receive a letter
    NOWHERE = "nowhere"


#: `NoLetter.STOPPED` is not here: `_against` handles it earlier.
_NO_LETTER: Final = {
    NoLetter.SEALED: ContactRule.REVEAL_FIRST,
    NoLetter.NOWHERE: ContactRule.NO_ADDRESS,
}


@dataclass(frozen=True, slots=True, repr=False)
class Letter:
    """The lines of the envelope, with the name first. A child without a name yet has no name line."""

    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "Letter(…)"


class Addressee(Protocol):
    """What an envelope is written from: a person, or the opened values of a sealed person."""

    @property
    def name(self) -> Name | Sealed[Name] | Gap: ...
    @property
    def address(self) -> Address | SealedAddress | Silent: ...
    @property
    def contact(self) -> Contact | Sealed[Contact] | Gap: ...


@dataclass(frozen=True, slots=True, repr=False)
class ContactFacts:
    """The facts that decide whether to write to a patron. `group` is the group in force."""

    person: Person
    local: Local
    group: str
    #: letters are stopped already, while the rest of a death waits (decision 3)
    stopped: bool
    #: name and address are sealed, and nobody has opened them for this message
    sealed: bool
    #: staff's corrections that hold
    holding: Mapping[Overridden, Override]


def contact_facts(patron: Patron, local: Local, policy: Policy, *, on: date, parked: bool = False) -> ContactFacts:
    """The facts of a patron on a day."""
    return ContactFacts(
        patron.register,
        local,
        effective(patron, policy, on=on).group,
        stopped=patron.letters_stopped is not None,
        sealed=patron.is_sealed(silent_is_sealed=policy.silent_is_sealed, parked=parked),
        holding=in_force(patron.overrides, on),
    )


def may_contact(reach: ContactFacts, channel: ContactWay, about: About, policy: Policy) -> Ruling[ContactRule]:
    """Whether the library may write to the patron.

    Protection seals name and address, but not what the patron gave the library. So messages still go to their own
    telephone and e-mail address.
    """
    against = tuple(_against(reach, channel, about, policy))
    rules = against or (_YES[channel],)
    return Ruling(allowed=not against, rules=rules)


def _against(reach: ContactFacts, channel: ContactWay, about: About, policy: Policy) -> Iterator[ContactRule]:
    if reach.stopped or stops_letters(reach.person.status):
        yield ContactRule.DEAD
        return
    if about is About.REMINDER and not policy.group(reach.group).reminders:
        yield ContactRule.GROUP_SILENT
    match channel:
        case ContactWay.LETTER:
            yield from _against_letter(reach, policy)
        case ContactWay.SMS if not any(telephone.notices for telephone in reach.local.telephones):
            yield ContactRule.NO_TELEPHONE
        case ContactWay.EMAIL if not any(email.notices for email in reach.local.emails):
            yield ContactRule.NO_EMAIL


def _against_letter(reach: ContactFacts, policy: Policy) -> Iterator[ContactRule]:
    if not policy.letters.on_paper:
        yield ContactRule.NO_PAPER
    letter = letter_to(reach.person, reach.local, stopped=False, sealed=reach.sealed, holding=reach.holding)
    if isinstance(letter, NoLetter):
        yield _NO_LETTER[letter]


def letter_language(chosen: str) -> LetterLanguage:
    """The language of a patron's statements: Danish, if they have chosen another than these."""
    return "en" if chosen == "en" else "da"


def letter_to(  # noqa: PLR0913 -- what may keep a letter back, one by one
    person: Person,
    local: Local,
    *,
    stopped: bool,
    sealed: bool,
    holding: Mapping[Overridden, Override] = _NONE,
    opened: Addressee | None = None,
) -> Letter | NoLetter:
    """The envelope: the patron's own contact address, else the register's, else the registered address.

    Args:
        person: the register's part of the record.
        local: the part that patron and staff own.
        stopped: letters are stopped already, while the rest of a death waits (decision 3).
        sealed: whether name and address are sealed.
        holding: staff's corrections that hold. They replace the register's values.
        opened: the opened values, for a reason that the audit has. A sealed `person` never has them open.
    """
    rule = Letters.CONTACT_ADDRESS if person.status is SILENT else STATUS_RULES[person.status].letters
    if stopped or rule is Letters.STOPPED:
        return NoLetter.STOPPED
    own, addressee = local.contact_address, person if opened is None else opened
    parts = (addressee.name, addressee.address, addressee.contact, *(one.value for one in holding.values()))
    if sealed or isinstance(own, Sealed) or any(isinstance(part, Sealed) for part in parts):
        return NoLetter.SEALED
    corrected = _corrected(holding, Overridden.ADDRESS)
    registered = corrected or (_registered_lines(addressee) if rule is Letters.GO else ())
    lines = _contact_lines(addressee, own) or registered
    if not lines:
        return NoLetter.NOWHERE
    return Letter((*name_lines(addressee.name, holding), *lines))


def name_lines(name: Name | Sealed[Name] | Gap, holding: Mapping[Overridden, Override]) -> tuple[str, ...]:
    """The name line, from staff's correction or from the register. Empty if the name is sealed or not yet given."""
    registered = (name.addressing,) if isinstance(name, Name) else ()
    typed = holding.get(Overridden.NAME)
    return registered if typed is None or isinstance(typed.value, Sealed) else (typed.text,)


def _corrected(holding: Mapping[Overridden, Override], field: Overridden) -> tuple[str, ...]:
    override = holding.get(field)
    return () if override is None else tuple(override.text.split("\n"))


def _contact_lines(addressee: Addressee, typed: tuple[str, ...]) -> tuple[str, ...]:
    own = tuple(line for line in typed if line)
    if own or not isinstance(addressee.contact, Contact):
        return own
    return tuple(line for line in addressee.contact.lines if line)


def _registered_lines(addressee: Addressee) -> tuple[str, ...]:
    at = addressee.address
    # a letter to an administrative street would not reach the patron, whatever the status
    return tuple(label_lines(at)) if isinstance(at, Address) and not at.is_administrative else ()

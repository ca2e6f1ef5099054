"""Whether the library may write to a patron, on which channel and about what. `letter` decides where a letter goes.

A child's letters go to the child's own address. Leaves out what a message says, and who answers for a child.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cprsync.domain.lending.letter import NoLetter, letter_to
from cprsync.domain.lending.standing import Ruling
from cprsync.domain.patron.effective import effective
from cprsync.domain.patron.override import in_force
from cprsync.domain.person.status import stops_letters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from cprsync.domain.patron.local import Local
    from cprsync.domain.patron.override import Overridden, Override
    from cprsync.domain.patron.patron import Patron
    from cprsync.domain.person.person import Person
    from cprsync.domain.policy.policy import Policy


class Channel(enum.Enum):
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


def may_contact(reach: ContactFacts, channel: Channel, about: About, policy: Policy) -> Ruling[ContactRule]:
    """Whether the library may write to the patron.

    Protection seals name and address, but not what the patron gave the library. So messages still go to their own
    telephone and e-mail address.
    """
    against = tuple(_against(reach, channel, about, policy))
    rules = against or (_YES[channel],)
    return Ruling(allowed=not against, rules=rules)


_YES: Final = {
    Channel.LETTER: ContactRule.ADDRESS,
    Channel.SMS: ContactRule.TELEPHONE,
    Channel.EMAIL: ContactRule.EMAIL,
}
#: `NoLetter.STOPPED` is not here: `_against` handles it earlier.
_NO_LETTER: Final = {
    NoLetter.SEALED: ContactRule.REVEAL_FIRST,
    NoLetter.NOWHERE: ContactRule.NO_ADDRESS,
}


def _against(reach: ContactFacts, channel: Channel, about: About, policy: Policy) -> Iterator[ContactRule]:
    if reach.stopped or stops_letters(reach.person.status):
        yield ContactRule.DEAD
        return
    if about is About.REMINDER and not policy.group(reach.group).reminders:
        yield ContactRule.GROUP_SILENT
    match channel:
        case Channel.LETTER:
            yield from _against_letter(reach, policy)
        case Channel.SMS if not any(telephone.notices for telephone in reach.local.telephones):
            yield ContactRule.NO_TELEPHONE
        case Channel.EMAIL if not any(email.notices for email in reach.local.emails):
            yield ContactRule.NO_EMAIL


def _against_letter(reach: ContactFacts, policy: Policy) -> Iterator[ContactRule]:
    if not policy.letters.on_paper:
        yield ContactRule.NO_PAPER
    letter = letter_to(reach.person, reach.local, stopped=False, sealed=reach.sealed, holding=reach.holding)
    if isinstance(letter, NoLetter):
        yield _NO_LETTER[letter]

"""What may happen to a record: the words in which `decide` answers, and every report counts."""

from __future__ import annotations

import enum


class Action(enum.Enum):
    """What happens to a record, in the order in which it is done. Protection comes before any address."""

    #: the first word of a source about this patron
    FIRST_COPY = "first_copy"
    #: name and address protection begins
    PROTECT = "protect"
    #: name and address protection ends, confirmed
    UNPROTECT = "unprotect"
    #: a source has spoken for the first time: not protected
    PROTECTION_SETTLED = "protection_settled"
    #: a child gets her first name
    NAMED = "named"
    #: another name
    RENAME = "rename"
    #: the registered birth date is corrected
    BIRTH_CORRECTED = "birth_corrected"
    #: another dwelling
    MOVE = "move"
    #: the same dwelling with other words: street renamed, postcode, c/o, technical
    ADDRESS_CORRECTED = "address_corrected"
    #: another municipality number
    MUNICIPALITY = "municipality"
    #: the register's contact address
    CONTACT = "contact"
    #: found again
    FOUND = "found"
    #: back from abroad
    RETURN = "return"
    #: the death was a mistake: letters go out again
    DEATH_ANNULLED = "death_annulled"
    #: an annulled number is valid again
    NUMBER_RESTORED = "number_restored"
    #: another of the statuses with an address, or none for tax reasons: no fixed abode, Greenland, and back
    STATUS = "status"
    #: the register no longer knows where she is
    VANISH = "vanish"
    #: moved abroad
    EMIGRATE = "emigrate"
    #: another address abroad
    ABROAD_CORRECTED = "abroad_corrected"
    #: dead: letters stop at once
    DIE = "die"
    #: the number is annulled; the record stays as it was
    NUMBER_ANNULLED = "number_annulled"
    #: another number replaces hers
    RENUMBER = "renumber"
    #: letters stop while the rest of a death waits, behind a brake or for a person (decision 3)
    STOP_LETTERS = "stop_letters"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__

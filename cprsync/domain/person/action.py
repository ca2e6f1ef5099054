"""What may happen to a record: the words that `decide` answers with, and that every report counts."""

from __future__ import annotations

import enum


class Action(enum.Enum):
    """What happens to a record, in the order in which it is done. Protection comes before any address."""

    #: the first data of a source about this patron
    FIRST_COPY = "first_copy"
    #: name and address protection begins
    PROTECT = "protect"
    #: name and address protection ends, confirmed
    UNPROTECT = "unprotect"
    #: a source says for the first time that the person is not protected
    PROTECTION_SETTLED = "protection_settled"
    #: a child gets a first name
    NAMED = "named"
    #: the name changes
    RENAME = "rename"
    #: the registered birth date is corrected
    BIRTH_CORRECTED = "birth_corrected"
    #: the person moves to another dwelling
    MOVE = "move"
    #: the same dwelling in other words: street renamed, postcode, c/o, technical
    ADDRESS_CORRECTED = "address_corrected"
    #: another municipality number
    MUNICIPALITY = "municipality"
    #: the register's contact address changes
    CONTACT = "contact"
    #: a person who had disappeared is found
    FOUND = "found"
    #: the person is back from abroad
    RETURN = "return"
    #: the death was a mistake: letters are sent again
    DEATH_ANNULLED = "death_annulled"
    #: an annulled number is valid again
    NUMBER_RESTORED = "number_restored"
    #: a change between the other statuses, for example to no fixed abode, to Greenland, or back
    STATUS = "status"
    #: the register no longer knows where the person is
    VANISH = "vanish"
    #: the person moves abroad
    EMIGRATE = "emigrate"
    #: another address abroad
    ABROAD_CORRECTED = "abroad_corrected"
    #: the person is dead: letters stop at once
    DIE = "die"
    #: the number is annulled; the record stays as it was
    NUMBER_ANNULLED = "number_annulled"
    #: another number replaces the patron's
    RENUMBER = "renumber"
    #: letters stop while the rest of a death waits: it is held by the guard, or parked for staff (decision 3)
    STOP_LETTERS = "stop_letters"

    # a member is one object: the enum's own hash is slow
    __hash__ = object.__hash__

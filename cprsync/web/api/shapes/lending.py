"""What the API answers about what a patron may do, and what they owe: the documents of the commands."""

from __future__ import annotations

from typing import Literal

from cprsync.web.api.shapes.answers import Answer, Both, KeptBlock

Answered = Literal["yes", "no", "undecided"]


class Ruling(Answer):
    """A rule that gives an answer, in words."""

    rule: str
    da: str
    en: str


class Ruled(Answer):
    """Yes or no, and each rule that says so."""

    answer: bool
    rules: list[Ruling]


class RuledContact(Ruled):
    """Whether the library may write to the patron about something, in a way."""

    channel: str
    about: str


class Reminders(Answer):
    """The days on which a late loan's reminders were due by the library's rules, and the next."""

    due: list[str]
    next: str | None


class Fee(Ruling):
    """What a late loan would cost if it came back today, beside what is on the balance already."""

    title: str
    due: str
    days_late: int
    oere: int
    raised_oere: int
    lost: str | None
    billed: bool
    reminders: Reminders
    tariff: str | None


class Standing(Answer):
    """Whether the patron may borrow, what they owe, and how they may be written to."""

    patron: str
    day: str
    group: str
    debt_oere: int
    may_borrow: Ruled
    blocks: list[KeptBlock]
    fees: list[Fee]
    may_contact: list[RuledContact]


class Lives(Answer):
    """The municipality in force, its source, and since when."""

    code: str | None
    name: str | None
    residence: Literal["resident", "not_resident", "unknown"]
    source: str | None
    since: str | None


class ReasonedRight(Answer):
    """One right, why, and what would change it."""

    product: str
    title: Both
    answer: Answered
    rule: str
    fact: str
    valid_from: str | None
    until: str | None
    #: a day is kept back: it would tell the birth date of a sealed patron
    withheld: bool
    from_age: int | None
    changes_when: str
    text: Both
    why: Both
    change: Both


class CardLogIns(Answer):
    """How many accounts of the patron's cards there are, or should be."""

    wanted: int
    sent: int
    confirmed: int
    pending: int


class Told(Answer):
    """What CULR was told, what it has confirmed, and what waits. "" means none on purpose."""

    sent: str | None
    confirmed: str | None
    pending: int
    deleting: bool
    refused: str | None
    checked_at: str | None
    account: bool
    #: null: no card of the patron's logs in, or should
    cards: CardLogIns | None


class Entitlements(Answer):
    """The rights to net media with their reasons."""

    patron: str
    day: str
    kind: str
    standing: str
    municipality: Lives
    rights: list[ReasonedRight]
    culr: Told


class LateLoan(Answer):
    """A loan that is demanded back."""

    due: str
    days_late: int
    title: str
    lost: str | None


class OfLoan(Answer):
    """The loan that an amount is owed for."""

    title: str
    due: str | None
    lost: str | None


class Owed(Answer):
    """An amount that is owed."""

    raised: str | None
    kind: str
    title: str
    amount_oere: int
    loan: OfLoan | None


class Statement(Answer):
    """What the patron owes, and the envelope it goes in."""

    patron: str
    library: str
    library_name: str
    day: str
    #: `goes`, or why no letter goes
    letter: str
    name: str | None
    envelope: list[str] | None
    revealed: bool
    loans: list[LateLoan]
    owed: list[Owed]
    total_oere: int
    note_to_patron: str
    responsible_registered: bool
    responsibles: list[str]
    responsible_names: list[str]
    language: Literal["da", "en"]


class RightAnswer(Answer):
    """Whether one of the net media is open to the patron."""

    product: str
    answer: Answered


class Borrower(Answer):
    """All that a machine learns of a patron."""

    may_borrow: bool
    blocked: bool
    #: the group of the library's ages, such as `child`; null: nobody knows the age, or no group follows it
    age_class: str | None
    rights: list[RightAnswer]

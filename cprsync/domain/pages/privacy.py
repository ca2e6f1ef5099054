"""The public privacy page, made from the field table and a library's policy.

The field table has the words about each field, and the policy has the days. Leaves out the layout.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from cprsync.domain.pages.beside import BESIDE
from cprsync.domain.pages.page import Paragraph, Section, days
from cprsync.domain.pages.privacy_words import (
    HOUSEHOLD,
    IN_THE_DATABASE,
    INTRODUCTION,
    PURPOSE,
    SOURCES,
    TITLE,
    TOLD,
    request_sentences,
    summarise,
)
from cprsync.domain.patron.fields import PRINTED, Kept, Owner, Seen
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cprsync.domain.patron.fields import Field
    from cprsync.domain.policy.policy import Controller, Policy, Retention


OWNERS: Final[Mapping[Owner, Wording]] = {
    Owner.REGISTER: Wording("fra CPR", "from CPR"),
    Owner.PATRON: Wording("dit", "yours"),
    Owner.STAFF: Wording("bibliotekets", "the library's"),
    Owner.SYSTEM: Wording("systemets", "the system's"),
}
SEEN: Final[Mapping[Seen, Wording]] = {
    Seen.BOTH: Wording("ses af dig og personalet", "seen by you and staff"),
    Seen.MASKED: Wording("personalet ser kun en del", "staff see a part only"),
    Seen.STAFF: Wording("ses kun af personalet", "seen by staff only"),
    Seen.NOBODY: Wording("ses af ingen", "seen by nobody"),
}
SEALED: Final = Wording(
    "skjules, hvis du har navne- og adressebeskyttelse", "hidden if your name and address are protected"
)


#: The words for a field that protection hides in part, or almost completely.
_IN_PART: Final[Mapping[str, Wording]] = {
    "cpr_number": Wording(
        "har du navne- og adressebeskyttelse, ser personalet intet af nummeret, heller ikke på et kort",
        "if your name and address are protected, staff see nothing of the number, on a card neither",
    ),
    "birth_date": Wording(
        "skjules, hvis du har navne- og adressebeskyttelse; personalet ser kun din alder",
        "hidden if your name and address are protected; staff see your age only",
    ),
}


def protection_text(field: Field) -> Wording | None:
    """The words for what protection does to a field; None: nothing."""
    return _IN_PART.get(field.key, SEALED if field.sealed else None)


def kept_text(how: Kept, policy: Policy) -> Wording:
    """How long a field is kept, with the library's own days."""
    keep = policy.retention
    before, block, loan = days(keep.before_images_days), days(keep.blocks_days), days(keep.loans_days)
    content, dead = days(keep.message_days), days(policy.dead_subscription_days)
    return {
        Kept.RECORD: Wording("gemmes, så længe du er låner", "kept as long as you are a patron"),
        Kept.REGISTER: Wording(
            f"gemmes, til CPR siger noget andet; det, der stod før, huskes forseglet i {before.da}, så en fejl kan"
            " rettes",
            f"kept until CPR says otherwise; what stood there before is kept sealed for {before.en}, so that a"
            " mistake can be undone",
        ),
        Kept.CHANGED: Wording("gemmes, til det ændres", "kept until it is changed"),
        Kept.ABSENCE: Wording("slettes, når perioden er slut", "erased when the period is over"),
        Kept.BLOCKS: Wording(
            f"slettes {block.da} efter, at blokeringen er ophævet", f"erased {block.en} after the block was lifted"
        ),
        Kept.LOANS: Wording(
            f"slettes {loan.da} efter, at det er afleveret, og det, du skyldte for det, er betalt, eller, kommer det"
            f" aldrig tilbage, {loan.da} efter, at erstatningen er betalt",
            f"erased {loan.en} after it is returned and what you owed for it is paid, or, if it never comes back,"
            f" {loan.en} after the compensation is paid",
        ),
        Kept.RESERVATIONS: Wording(
            "slettes, så snart du har lånt det, eller reserveringen er opgivet; er den opgivet på grund af et dødsfald,"
            f" huskes den i {dead.da}, og så længe en rettelse af dødsfaldet venter på svar, så den kan gives tilbage",
            "erased as soon as you have borrowed it or the reservation is given up; one that was given up for a death"
            f" is kept for {dead.en}, and as long as the annulment of the death waits for an answer, so that it can be"
            " given back",
        ),
        Kept.BALANCES: _balances(keep),
        Kept.MESSAGES: Wording(
            f"hvad der stod, slettes efter {content.da}; hvornår og ad hvilken vej du fik dem, huskes, så længe du er"
            " låner",
            f"what they said is erased after {content.en}; when and by which way you got them is kept as long as you"
            " are a patron",
        ),
        Kept.RESPONSIBLE: Wording(
            "slutter, når barnet fylder 18, eller personalet lader det ophøre, og det, der skyldes fra før, er betalt;"
            " hvem der svarede hvornår, huskes, så længe der står noget om jer begge",
            "ends when the child turns 18, or staff end it, and what is owed from before is paid; who answered when is"
            " kept as long as something stands about you both",
        ),
    }[how]


def _balances(keep: Retention) -> Wording:
    fee, compensation = days(keep.fees_days), days(keep.compensation_days)
    # The compensation decides when the loan is over. Neither is deleted before all other debts for the loan are paid.
    last = days(max(keep.compensation_days, keep.loans_days))
    lost = Wording(
        f"; en erstatning for det, der aldrig kom tilbage, senest {last.da} efter, at alt, du skyldte for det, er"
        " betalt",
        f"; a compensation for what never came back at the latest {last.en} after all that you owed for it is paid",
    )
    if keep.fees_days == keep.compensation_days:
        return Wording(
            f"slettes {fee.da} efter betalingen{lost.da}",
            f"erased {fee.en} after it is paid{lost.en}",
        )
    return Wording(
        f"et gebyr slettes {fee.da} og en erstatning {compensation.da} efter betalingen{lost.da}",
        f"a fee is erased {fee.en} and a compensation {compensation.en} after it is paid{lost.en}",
    )


#: The page says these once for all fields, and does not repeat them for each field.
_AS_MOST: Final = frozenset({Kept.RECORD, Kept.REGISTER, Kept.CHANGED})


def field_text(field: Field, policy: Policy) -> Wording:
    """What a patron reads about one field: its purpose, and any special rule about keeping or hiding it.

    A field that protection hides completely is not mentioned here: the words about protection cover it.
    """
    da, en = [field.purpose.da], [field.purpose.en]
    if field.key in _BY_POLICY:
        more = _BY_POLICY[field.key](policy)
        da.append(more.da)
        en.append(more.en)
    if (sealed := _IN_PART.get(field.key)) is not None:
        da.append(_sentence(sealed.da))
        en.append(_sentence(sealed.en))
    if field.kept not in _AS_MOST:
        how = kept_text(field.kept, policy)
        da.append(_sentence(how.da))
        en.append(_sentence(how.en))
    return Wording(" ".join(da), " ".join(en))


def _number_needed(policy: Policy) -> Wording:
    always = policy.group_defaults.cpr_required
    names = ", ".join(group.name for group in policy.groups if group.cpr_required is not always)
    if always and names:
        return Wording(
            f"Det er nødvendigt for at låne, undtagen i lånergruppe {names}.",
            f"It is necessary for borrowing, except in patron group {names}.",
        )
    if always:
        return Wording("Det er nødvendigt for at låne.", "It is necessary for borrowing.")
    if names:
        return Wording(
            f"Det er nødvendigt for at låne i lånergruppe {names}.",
            f"It is necessary for borrowing in patron group {names}.",
        )
    return Wording("Du kan låne uden at oplyse det.", "You can borrow without giving it.")


def _debt_limit(policy: Policy) -> Wording:
    if not policy.debt_limit_oere:
        return Wording("Gæld standser ingen udlån.", "Debt stops nobody from borrowing.")
    kroner, oere = divmod(policy.debt_limit_oere, 100)
    amount = f"{kroner},{oere:02}" if oere else f"{kroner}"
    return Wording(
        f"Skylder du {amount} kr. eller mere, kan du ikke låne.", f"If you owe {amount} kr. or more you cannot borrow."
    )


def _until_told(policy: Policy) -> Wording:
    if policy.silent_is_sealed:
        return Wording(
            "Er du ny låner, behandles du som beskyttet, til CPR har sagt, om du er det.",
            "As a new patron you are treated as protected until CPR has said whether you are.",
        )
    return Wording(
        "Er du ny låner, vises navn og adresse, til CPR har sagt, at du er beskyttet.",
        "As a new patron your name and address are shown until CPR has said that you are protected.",
    )


#: Further words about a field, from the library's own policy.
_BY_POLICY: Final[Mapping[str, Callable[[Policy], Wording]]] = {
    "cpr_number": _number_needed,
    "balance": _debt_limit,
    "protection": _until_told,
}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


# -- the privacy page --------------------------------------------------------------------------------------


def privacy_page(policy: Policy) -> tuple[Section, ...]:
    """The public page: a short summary, an introduction, the fields that libraries explain, and the rest."""
    library = policy.controller
    explained = tuple(_of_several([field], policy) for field in PRINTED if field.explained)
    # the parts of a name have the same purpose, so they share one paragraph
    by_purpose = groupby((field for field in PRINTED if not field.explained), key=lambda field: field.purpose)
    others = tuple(_of_several(list(fields), policy) for _, fields in by_purpose)
    return (
        Section(TITLE, tuple(summarise(policy))),
        Section(
            Wording("Formål og ansvar", "Purpose and responsibility"),
            (
                Paragraph(PURPOSE),
                _who(library),
                Paragraph(SOURCES),
                _where(library),
                *(Paragraph(text) for text in (*INTRODUCTION, _as_most(policy))),
            ),
        ),
        Section(Wording("Felterne", "The fields"), explained),
        Section(Wording("Det står der også", "What stands there too"), (*others, Paragraph(HOUSEHOLD))),
        Section(
            Wording("Sådan ligger oplysningerne", "How the data are kept"),
            tuple(Paragraph(text) for text in IN_THE_DATABASE),
        ),
        Section(Wording("Det huskes ved siden af", "What is kept beside it"), tuple(_beside(policy))),
        Section(Wording("Hvem får oplysninger", "Who is told"), tuple(Paragraph(text) for text in TOLD)),
        Section(
            Wording("Det kan du bede om", "What you can ask for"),
            tuple(Paragraph(text) for text in request_sentences(policy)),
        ),
    )


def _of_several(fields: list[Field], policy: Policy) -> Paragraph:
    names = [(field.name.da, field.name.en) for field in fields]
    da, en = (", ".join(told) for told in zip(*names, strict=True))
    return Paragraph(field_text(fields[0], policy), Wording(da, en))


def _as_most(policy: Policy) -> Wording:
    before = days(policy.retention.before_images_days)
    return Wording(
        "Et felt gemmes, til det ændres, og højst så længe du er låner, medmindre der står andet. Ændrer CPR noget,"
        f" huskes det, der stod før, forseglet i {before.da}, så en fejl kan rettes.",
        "A field is kept until it is changed, and no longer than you are a patron, unless it says otherwise. When CPR"
        f" changes something, what stood there before is kept sealed for {before.en}, so that a mistake can be undone.",
    )


def _beside(policy: Policy) -> Iterator[Paragraph]:
    for one in BESIDE:
        how = one.kept(policy)
        yield Paragraph(Wording(f"{one.said.da} {how.da}", f"{one.said.en} {how.en}"), one.name)


def _who(library: Controller) -> Paragraph:
    name, contact, officer = (library.told(key) for key in ("name", "contact", "officer"))
    return Paragraph(
        Wording(
            f"{name.da}, {contact.da}. Bibliotekets databeskyttelsesrådgiver: {officer.da}.",
            f"{name.en}, {contact.en}. The library's data protection officer: {officer.en}.",
        ),
        Wording("Dataansvarlig", "Data controller"),
    )


def _where(library: Controller) -> Paragraph:
    where = library.told("stored")
    return Paragraph(where, Wording("Hvor oplysningerne står", "Where the data are kept"))

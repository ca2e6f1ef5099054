"""The public privacy page, made from the field table and a library's policy.

What is said of a field is the table's; what is said of days is the policy's. Leaves out how a page is laid out.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from cprsync.domain.fields import FIELDS, Kept, Owner, Seen
from cprsync.domain.privacy_words import (
    COMPLAINT,
    ERASED,
    HOUSEHOLD,
    INSIGHT,
    INTRODUCTION,
    LOG,
    NET_MEDIA,
    TITLE,
    TOLD,
)
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cprsync.domain.fields import Field
    from cprsync.domain.policy import Policy
    from cprsync.domain.retention import Retention


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a page; with a `name`, what is said of one thing."""

    text: Wording
    name: Wording | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Paragraphs under a heading."""

    heading: Wording
    paragraphs: tuple[Paragraph, ...]


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


def days(count: int) -> Wording:
    """A number of days in both languages."""
    return Wording("1 dag" if count == 1 else f"{count} dage", "1 day" if count == 1 else f"{count} days")


def kept(how: Kept, policy: Policy) -> Wording:
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
            f"slettes {loan.da} efter, at det er afleveret, og det, du skyldte for det, er betalt",
            f"erased {loan.en} after it is returned and what you owed for it is paid",
        ),
        Kept.RESERVATIONS: Wording(
            "slettes, så snart du har lånt det, eller reserveringen er opgivet; en afdød låners huskes i"
            f" {dead.da}, så de kan gives tilbage, hvis dødsfaldet var en fejl",
            "erased as soon as you have borrowed it or the reservation is given up; those of a patron who died are"
            f" kept for {dead.en}, so that they can be given back if the death was a mistake",
        ),
        Kept.BALANCES: _balances(keep),
        Kept.MESSAGES: Wording(
            f"hvad der stod, slettes efter {content.da}; hvornår du fik dem, huskes, så længe du er låner",
            f"what they said is erased after {content.en}; when you got them is kept as long as you are a patron",
        ),
        Kept.RESPONSIBLE: Wording(
            "slutter, når barnet fylder 18, og det, der skyldes fra før, er betalt; hvem der svarede hvornår, huskes,"
            " så længe I begge har en post",
            "ends when the child turns 18 and what is owed from before is paid; who answered when is kept as long as"
            " you both have a record",
        ),
    }[how]


def _balances(keep: Retention) -> Wording:
    fee, compensation = days(keep.fees_days), days(keep.compensation_days)
    if keep.fees_days == keep.compensation_days:
        return Wording(f"slettes {fee.da} efter betalingen", f"erased {fee.en} after it is paid")
    return Wording(
        f"et gebyr slettes {fee.da} og en erstatning {compensation.da} efter betalingen",
        f"a fee is erased {fee.en} and a compensation {compensation.en} after it is paid",
    )


#: What the page says once for all fields, and not again of each.
_AS_MOST: Final = frozenset({Kept.RECORD, Kept.REGISTER, Kept.CHANGED})


def about(field: Field, policy: Policy) -> Wording:
    """What a patron is told of one field: what it is for, and in what it is kept or hidden unlike most."""
    da, en = [field.purpose.da], [field.purpose.en]
    if field.key in _BY_POLICY:
        more = _BY_POLICY[field.key](policy)
        da.append(more.da)
        en.append(more.en)
    if field.sealed:
        da.append(_sentence(SEALED.da))
        en.append(_sentence(SEALED.en))
    if field.kept not in _AS_MOST:
        how = kept(field.kept, policy)
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
    kroner, oere = divmod(policy.debt_limit_oere, 100)
    if not policy.debt_limit_oere:
        return Wording("Gæld standser ingen udlån.", "Debt stops nobody from borrowing.")
    amount = f"{kroner},{oere:02}" if oere else f"{kroner}"
    return Wording(
        f"Skylder du {amount} kr. eller mere, kan du ikke låne.", f"If you owe {amount} kr. or more you cannot borrow."
    )


#: What is said of a field besides, in the words of the library's own policy.
_BY_POLICY: Final[Mapping[str, Callable[[Policy], Wording]]] = {
    "cpr_number": _number_needed,
    "balance": _debt_limit,
}


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


# -- the privacy page --------------------------------------------------------------------------------------


def privacy_page(policy: Policy) -> tuple[Section, ...]:
    """The public page: an introduction, the fields in the order in which libraries explain them, and the rest."""
    explained = tuple(_of(field, policy) for field in FIELDS if field.text is not None)
    # the parts of a name are for the same: they are told of in one breath
    by_purpose = groupby((field for field in FIELDS if field.text is None), key=lambda field: field.purpose)
    others = tuple(_of_several(list(fields), policy) for _, fields in by_purpose)
    return (
        Section(TITLE, tuple(Paragraph(text) for text in (*INTRODUCTION, _as_most(policy)))),
        Section(Wording("Felterne", "The fields"), explained),
        Section(Wording("Det står der også", "What stands there too"), (*others, Paragraph(HOUSEHOLD))),
        Section(Wording("Det huskes ved siden af", "What is kept beside it"), tuple(_beside(policy))),
        Section(Wording("Hvem får oplysninger", "Who is told"), tuple(Paragraph(text) for text in TOLD)),
        Section(
            Wording("Det kan du bede om", "What you can ask for"), tuple(Paragraph(text) for text in _rights(policy))
        ),
    )


def _of(field: Field, policy: Policy) -> Paragraph:
    # under the very name that libraries use to their patrons
    name = Wording(field.text or field.name.da, field.name.en)
    return Paragraph(about(field, policy), name)


def _of_several(fields: list[Field], policy: Policy) -> Paragraph:
    names = [(field.name.da, field.name.en) for field in fields]
    da, en = (", ".join(told) for told in zip(*names, strict=True))
    return Paragraph(about(fields[0], policy), Wording(da, en))


def _as_most(policy: Policy) -> Wording:
    before = days(policy.retention.before_images_days)
    return Wording(
        "Et felt gemmes, til det ændres, og ikke længere end du er låner, hvis ikke andet står. Når CPR ændrer noget,"
        f" huskes det, der stod før, forseglet i {before.da}, så en fejl kan rettes.",
        "A field is kept until it is changed, and no longer than you are a patron, unless it says otherwise. When CPR"
        f" changes something, what stood there before is kept sealed for {before.en}, so that a mistake can be undone.",
    )


def _beside(policy: Policy) -> Iterator[Paragraph]:
    keep = policy.retention
    file, corrected, answered = (
        days(keep.deliveries_days),
        days(keep.corrections_days),
        days(keep.answered_reviews_days),
    )
    yield Paragraph(LOG, Wording("Loggen", "The log"))
    yield Paragraph(
        Wording(
            f"De filer, CPR sender hver nat, ligger forseglet i {file.da}, efter at de er taget; en, der var beskadiget"
            " eller modsagde en anden, bliver liggende forseglet. Hvor CPR lægger filerne, bliver de, medmindre"
            " biblioteket har valgt, at de slettes, når de er taget.",
            f"The files that CPR sends each night are kept sealed for {file.en} after they are taken; one that was"
            " damaged or contradicted another stays sealed. Where CPR delivers them they stay, unless the library has"
            " chosen to have them deleted once they are taken.",
        ),
        Wording("CPR's filer", "CPR's files"),
    )
    yield Paragraph(
        Wording(
            f"Hvad en rettelse fra skranken sagde, huskes i {corrected.da}, efter at den er udløbet eller taget"
            " tilbage, eller så længe en sammenlægning kan fortrydes; hvem der rettede hvilket felt hvornår, så længe"
            " du er låner.",
            f"What a correction from the desk said is kept for {corrected.en} after it ended or was taken back, or as"
            " long as a merge can be undone; who corrected which field and when, as long as you are a patron.",
        ),
        Wording("Rettelser", "Corrections"),
    )
    yield Paragraph(
        Wording(
            f"Det, der skal til for at fortryde en afgørelse, huskes i {answered.da}, efter at den er truffet; hvad der"
            " blev afgjort, hvornår og af hvem, så længe du er låner.",
            f"What it takes to undo a decision is kept for {answered.en} after it was made; what was decided, when and"
            " by whom, as long as you are a patron.",
        ),
        Wording("Afgørelser", "Decisions"),
    )
    yield Paragraph(NET_MEDIA, Wording("Netmedier", "Net media"))
    yield Paragraph(ERASED, Wording("Sletningslisten", "The list of the erased"))


def _rights(policy: Policy) -> Iterator[Wording]:
    keep = policy.retention
    loan, quiet = days(keep.loans_days), days(keep.inactive_days)
    yield INSIGHT
    yield Wording(
        "Du kan holde op som låner. Har du lån eller gæld, eller svarer du for et barn, venter vi, til det er"
        " afsluttet; imens kan du ikke låne; netmedierne får besked, når posten er tømt. Så tømmes posten straks. Dit"
        " CPR-nummer ligger"
        " forseglet, til CPR og netmedierne har bekræftet, at de ikke længere kender dig her, og det sidste lån og den"
        f" sidste betaling er slettet {loan.da} efter eller, når du beder om det, straks; du har holdt op, når de to"
        " har bekræftet det. Lånernummeret, loggen og sletningslisten bliver.",
        "You can stop being a patron. If you have loans or debts, or answer for a child, we wait until that is settled;"
        " meanwhile you cannot borrow; the net media are told when the record is emptied. Then the record is emptied"
        " at once. Your CPR number is"
        " kept sealed until CPR and the net media have confirmed that they know you here no longer, and the last loan"
        f" and payment are erased {loan.en} later or, when you ask for it, at once; you have left when the two have"
        " confirmed it. The patron number, the log and the list of the erased stay.",
    )
    if keep.inactive_days:
        yield Wording(
            f"Har du ikke brugt biblioteket i {quiet.da}, intet udestående og intet barn at svare for, slutter"
            " lånerforholdet af sig selv.",
            f"If you have not used the library for {quiet.en}, owe nothing and answer for no child, you stop being a"
            " patron by itself.",
        )
    yield COMPLAINT

"""The library's record of processing (GDPR article 30), made from the field table and its policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.pages.beside import BESIDE
from cprsync.domain.pages.page import Paragraph, Section, days
from cprsync.domain.patron.fields import FIELD, PRINTED, Basis
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cprsync.domain.pages.beside import Beside
    from cprsync.domain.policy.policy import Policy

BASES: Final[Mapping[Basis, Wording]] = {
    Basis.TASK: Wording(
        "databeskyttelsesforordningen art. 6, stk. 1, litra e (bibliotekets opgave efter biblioteksloven)",
        "GDPR article 6(1)(e) (the library's task under the Danish library act)",
    ),
    Basis.NUMBER: Wording(
        "databeskyttelsesloven § 11, stk. 1 (en offentlig myndigheds brug af personnummeret)",
        "the Danish data protection act, section 11(1) (a public authority's use of the civil registration number)",
    ),
    Basis.DUTY: Wording(
        "databeskyttelsesforordningen art. 6, stk. 1, litra c og e (regnskab og opkrævning)",
        "GDPR article 6(1)(c) and (e) (accounts and collection)",
    ),
}


def article_30(policy: Policy, *, controller: str = "") -> tuple[Section, ...]:
    """The controller's record of processing: the data categories of the fields and of what is kept beside them.

    Args:
        policy: the library's policy, with its days and, if given, its name.
        controller: name and contact of the controller, used instead of the policy's.
    """
    return (
        Section(
            Wording("Fortegnelse over behandling (artikel 30)", "Record of processing (article 30)"),
            (
                _controller(policy, controller),
                Paragraph(policy.controller.told("officer"), Wording("Databeskyttelsesrådgiver", "Protection officer")),
                Paragraph(_PURPOSE, Wording("Formål", "Purpose")),
                Paragraph(_PEOPLE, Wording("Registrerede", "Data subjects")),
                *(_category(basis) for basis in Basis),
                *(_beside(one, policy) for one in BESIDE),
                Paragraph(_STAFF, Wording("Om personalet", "About staff")),
                Paragraph(_RECIPIENTS, Wording("Modtagere", "Recipients")),
                Paragraph(_abroad(policy), Wording("Tredjelande", "Third countries")),
                Paragraph(_erasure(policy), Wording("Sletning", "Erasure")),
                Paragraph(_SECURITY, Wording("Sikkerhed", "Security")),
            ),
        ),
    )


def _category(basis: Basis) -> Paragraph:
    fields = [field for field in PRINTED if field.basis is basis]
    names = Wording(", ".join(f.name.da for f in fields), ", ".join(f.name.en for f in fields))
    because = BASES[basis]
    return Paragraph(
        Wording(f"{names.da}. Hjemmel: {because.da}.", f"{names.en}. Basis: {because.en}."),
        Wording("Oplysninger", "Data"),
    )


def _controller(policy: Policy, controller: str) -> Paragraph:
    name, contact = policy.controller.told("name"), policy.controller.told("contact")
    text = Wording(f"{name.da}, {contact.da}", f"{name.en}, {contact.en}")
    return Paragraph(Wording(controller, controller) if controller else text, Wording("Dataansvarlig", "Controller"))


def _beside(one: Beside, policy: Policy) -> Paragraph:
    how = one.kept(policy)
    return Paragraph(Wording(f"{_capital(one.data.da)}. {how.da}", f"{_capital(one.data.en)}. {how.en}"), one.name)


def _capital(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}"


def _abroad(policy: Policy) -> Wording:
    where = policy.controller.told("stored")
    return Wording(
        f"Programmet sender intet til andre end de nævnte. Oplysningerne står her: {where.da}.",
        f"The program sends nothing to others than those named. The data are kept here: {where.en}.",
    )


_PURPOSE: Final = Wording(
    "At drive et folkebibliotek: udlån, reservering, opkrævning, kontakt med lånere, statistik, og at lånerens navn,"
    " adresse, kommune og fødselsdato er de samme som i CPR.",
    "To run a public library: lending, reserving, collecting, contact with patrons, statistics, and that a patron's"
    " name, address, municipality and birth date are the same as in CPR.",
)
_PEOPLE: Final = Wording(
    "Lånere; dem, der svarer økonomisk for en mindreårig låner; dem, der slås op uden at blive låner; dem, CPR's filer"
    " endnu nævner, efter at de har holdt op; personale, der registrerer, retter, afgør, åbner eller slår op.",
    "Patrons; people who answer for a minor patron; people who are looked up and do not become patrons; people that"
    " CPR's files still mention after they have left; staff who register, correct, decide, open or look up.",
)
_STAFF: Final = Wording(
    "Brugernavnet på computeren, hvad der blev gjort hvornår, og den grund, der blev skrevet, i loggen, rettelserne og"
    " afgørelserne; ellers intet. Hjemmel: databeskyttelsesforordningen art. 6, stk. 1, litra e.",
    "The user name on the computer, what was done and when, and the reason that was written, in the log, the"
    " corrections and the decisions; nothing else. Basis: GDPR article 6(1)(e).",
)
_RECIPIENTS: Final = Wording(
    "CPR (opslag og abonnement: CPR-nummer). CULR (netmedier: CPR-nummer, eller lånernummer for den,"
    " der intet har, og tre cifre for kommunen). Den, der driver databasen for biblioteket, hvis en anden gør det.",
    "CPR (look-up and subscription: CPR number). CULR (net media: CPR number, or the patron number if there is none,"
    " and the municipality's three digits). The company or person that runs the database for the library, if the"
    " library does not run it itself.",
)
_SECURITY: Final = Wording(
    "Navn, adresser, CPR-nummer, fødselsdato, kontaktoplysninger, noter og lån er forseglet i databasen (AES-GCM) med"
    " nøgler uden for den; CPR-numre findes kun ved et nøglet opslag. Ikke forseglet er blandt andet datoer: af den"
    " dag, alderen næste gang ændrer gruppe eller ret til netmedier eller ender et økonomisk ansvar, kan fødselsdagen"
    " regnes ud. Gensidig TLS med certifikater til CPR, SFTP med fast værtsnøgle. Beskyttede personers navn og adresse"
    " åbnes kun med en begrundelse, der skrives forseglet i en kædet log. Ingen navne, adresser eller CPR-numre i"
    " driftslog eller fejltekst.",
    "Name, addresses, CPR number, birth date, ways to reach a patron, notes and loans are sealed in the database"
    " (AES-GCM) with keys outside it; CPR numbers are found by a keyed index only. Days are not sealed, among other"
    " things: from the one on which age next changes group or right to net media, or ends that someone answers, the"
    " birth date can be worked out. Mutual TLS with certificates to CPR, SFTP with a pinned host key. A protected"
    " person's name and address are opened only for a reason that is written, sealed, in a chained log. No names,"
    " addresses or CPR numbers in the program's own logs or error texts.",
)


_STAYS: Final = Wording(
    "Afdøde låneres poster slettes som andres. Resten af posten slettes, når låneren holder op; lånernumre slettes"
    " ikke. Det, der huskes ved siden af posten, har sine frister ovenfor.",
    "The records of the dead are erased as anyone's. The rest of the record is erased when the patron leaves; patron"
    " numbers are not erased. What is kept beside the record has its times above.",
)


def _erasure(policy: Policy) -> Wording:
    keep = policy.retention
    lines = [
        (FIELD["loans"].name, keep.loans_days),
        (Wording("Gebyrer", "Fees"), keep.fees_days),
        (Wording("Erstatninger", "Compensations"), keep.compensation_days),
        (Wording("Beskeders indhold", "Content of messages"), keep.message_days),
        (
            Wording("Afdøde låneres reserveringer og abonnement i CPR", "Reservations and subscriptions of the dead"),
            policy.dead_subscription_days,
        ),
        (Wording("Ophævede blokeringer", "Lifted blocks"), keep.blocks_days),
        (Wording("Udmeldtes blokeringer", "Blocks of patrons who left"), keep.kept_blocks_days),
        (Wording("Tidligere indhold", "Earlier content"), keep.before_images_days),
    ]
    da = "; ".join(f"{name.da}: {days(count).da}" for name, count in lines)
    en = "; ".join(f"{name.en}: {days(count).en}" for name, count in lines)
    never = keep.inactive_days == 0
    quiet = days(keep.inactive_days)
    da += ". Inaktive lånere slettes ikke. " if never else f". Inaktive lånere: {quiet.da}. "
    en += ". Inactive patrons are not erased. " if never else f". Inactive patrons: {quiet.en}. "
    return Wording(f"{da}{_STAYS.da}", f"{en}{_STAYS.en}")

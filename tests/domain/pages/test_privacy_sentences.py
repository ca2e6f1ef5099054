"""What Danish libraries tell their patrons of the record, sentence by sentence, and where our page says it.

Each of their sentences is here in few words; beside it stands what our page says, or why it says nothing of it. What
only the library can say stands in brackets, asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from cprsync.catalogues import page_words
from cprsync.domain.pages.privacy import privacy_page
from cprsync.domain.policy.policy import Controller, Policy


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why the page does not say it; and a word that would say it, and must not stand there."""

    because: str
    word: str


_NO_SITE = "there is no page for patrons to sign in to yet: staff write it in for her"

SENTENCES = {
    # the introduction
    "we need data to keep track of loans": ("", "holde styr på det, du låner"),
    "for the library's site and machines": ("", "bruge dine lånerkort på biblioteket"),
    "and to reach you about reservations and returns": ("", "kontakte dig om reserveringer og aflevering"),
    "which system holds them": ("", "lånerregister, cprsync"),
    "signed in, you see and change them": ("", LeftOut(_NO_SITE, "hjemmeside")),
    "you see and change them": ("", "Vil du se eller ændre noget, så spørg personalet"),
    "in which country and what kind of place they stand": (
        "Hvor oplysningerne står",
        "[hvor databasen og kopier af den",
    ),
    "lines there are encrypted": ("Hvor oplysningerne står", "hvordan forbindelsen dertil er krypteret]"),
    # the fields
    "the patron number is random": ("Lånernummer", "tilfældigt nummer"),
    "the CPR number fetches the address": ("CPR-nummer", "henter vi dit navn, din fødselsdato og din adresse"),
    "which follows when you move": ("CPR-nummer", "rettes automatisk, når du flytter"),
    "it is needed for borrowing": ("CPR-nummer", "Du kan låne uden at oplyse det"),
    "absence: no reservations then": ("Fravær", "ikke vil have noget lagt klar"),
    "you set it on the site": ("Fravær", "personalet kan skrive dem ind for dig"),
    "the name of the health card": ("Navn", "Navnet, som det står på dit sundhedskort"),
    "birth date: fees": ("Fødselsdato", "afgør, hvor stort et gebyr er"),
    "birth date: age limits": ("Fødselsdato", "om du må låne film med aldersgrænse"),
    "c/o: the present contact address": ("Kontaktadresse", "du lige nu vil have breve til"),
    "several telephones, landline, mobile, for notices": ("Telefonnummer", "fastnet eller mobil"),
    "the last for SMS on reservations and due days": (
        "Telefonnummer",
        "Ét af dem kan få beskeder: dertil sender vi sms'er",
    ),
    "which you change on the site": ("Telefonnummer", "personalet kan skrive det ind for dig"),
    "the e-mail for notices": ("E-mail", "kan få beskeder: dertil sender vi e-mails"),
    "which you change on the site, too": ("E-mail", "personalet kan skrive den ind for dig"),
    "the day a block began": ("Blokeret d.", "Den dag, en blokering begyndte"),
    "why: fees, a lost or stolen card": ("Blokeringsårsag", "ubetalte gebyrer, eller et lånerkort, der er meldt"),
    "group: loan period, reminders, fees": ("Lånergruppe", "lånetiden, om du får påmindelser, og om du betaler gebyr"),
    "branch: where you collect": ("Tilhørsfilial", "skal ligge klar"),
    "which you choose on the site": ("Tilhørsfilial", "personalet kan skrive den ind for dig"),
    "municipality: statistics": ("Kommune", "tæller med i statistikken"),
    "municipality: net media": ("Kommune", "om bibliotekets netmedier er åbne for dig"),
    "language: Danish": ("Sprog", "dansk, når du ikke har valgt engelsk"),
    "cards, the health card": ("Lånerkort", "Dit lånerkort: sundhedskortet og andre kort"),
    "nobody reads the PIN": ("Lånerkort", "PIN-koden kan ingen læse"),
    "internal note: staff only": ("Intern note", "vises kun for personalet"),
    "internal note: blocks, a forgotten card": ("Intern note", "en blokering eller om et sundhedskort, du har glemt"),
    "note to patron: on the statement": ("Note til låner", "trykkes på den opgørelse"),
    "loans: those of now": ("Udlån", "Det, du har lånt nu"),
    "loans: erased 30 days after return": ("Udlån", "Slettes 30 dage efter, at det er afleveret"),
    "loans: or after payment": ("Udlån", "aldrig tilbage, 30 dage efter, at erstatningen er betalt"),
    "reservations: yours": ("Reserveringer", "bedt om og venter på"),
    "reservations: erased on loan or when cancelled": (
        "Reserveringer",
        "så snart du har lånt det, eller reserveringen",
    ),
    "balance: fees and bills": ("Mellemværende", "gebyrer og erstatninger"),
    "balance: erased 30 days after payment": ("Mellemværende", "Slettes 30 dage efter betalingen"),
    "messages: SMS and e-mails sent": ("Beskeder", "Hvilke sms'er, e-mails og breve"),
    "messages: content erased after 30 days": ("Beskeder", "Hvad der stod, slettes efter 30 dage"),
    "messages: that they were sent is kept": ("Beskeder", "hvornår og ad hvilken vej du fik dem, huskes"),
}

PAGE = privacy_page(Policy(controller=Controller("Biblioteket", "Torvet 1", "rådgiveren")), page_words)


def told(name: str) -> str:
    """What the page says of one thing; without a name what stands before the fields."""
    sections = PAGE if name else PAGE[:2]
    return " ".join(
        one.text.da
        for section in sections
        for one in section.paragraphs
        if not name or (one.name and one.name.da == name)
    )


@pytest.mark.parametrize(("place", "said"), SENTENCES.values(), ids=SENTENCES)
def test_each_sentence_that_libraries_tell_of_the_record_is_on_the_page_or_left_out_for_a_reason(
    place: str, said: str | LeftOut
) -> None:
    if isinstance(said, LeftOut):
        assert said.because
        assert said.word not in " ".join(one.text.da for section in PAGE for one in section.paragraphs)
    else:
        assert said in told(place)

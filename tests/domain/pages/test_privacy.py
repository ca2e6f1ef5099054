"""The privacy page and the record of processing: every field told of, each day the policy's, and nothing promised."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cprsync.catalogues import page_words
from cprsync.domain.pages.privacy import BESIDE, article_30, kept_text, privacy_page, protection_text
from cprsync.domain.patron.field import Basis, Kept
from cprsync.domain.patron.fields import FIELD, PRINTED
from cprsync.domain.policy.policy import Controller, PatronGroup, Policy, RetentionDays

if TYPE_CHECKING:
    from cprsync.domain.pages.policy_page import PageSection, Paragraph
    from cprsync.domain.pages.privacy import KeptBeside

POLICY = Policy()


def paragraphs(sections: tuple[PageSection, ...]) -> list[Paragraph]:
    return [paragraph for section in sections for paragraph in section.paragraphs]


def said_of(name: str, policy: Policy = POLICY) -> str:
    (found,) = [
        one for one in paragraphs(privacy_page(policy, page_words)) if one.name is not None and one.name.da == name
    ]
    return found.text.da


def test_the_page_tells_of_every_field_under_the_name_that_libraries_use() -> None:
    names = [one.name.da for one in paragraphs(privacy_page(POLICY, page_words)) if one.name is not None]
    told = [
        name
        for name in names
        for name in ([name] if name in {f.name.da for f in PRINTED if f.explained} else name.split(", "))
    ]
    assert set(told) >= {field.name.da for field in PRINTED}
    assert len(told) == len(set(told))


def test_the_fields_that_libraries_explain_come_first_and_in_their_order() -> None:
    _, _, explained, *_ = privacy_page(POLICY, page_words)
    names = [one.name.da for one in explained.paragraphs if one.name is not None]
    assert names == [field.name.da for field in PRINTED if field.explained]


def test_the_parts_of_a_name_are_told_of_in_one_breath() -> None:
    assert "sortere" in said_of("Fornavne, Mellemnavne, Efternavn")


@pytest.mark.parametrize(
    "sections", [privacy_page(POLICY, page_words), article_30(POLICY, page_words, controller="Byens Bibliotek")]
)
def test_each_paragraph_stands_in_both_languages_and_neither_promises_a_log_in(
    sections: tuple[PageSection, ...],
) -> None:
    for one in paragraphs(sections):
        for text in (one.text.da, one.text.en):
            assert text.strip() == text != ""
            assert not any(word in text.casefold() for word in ("log ind", "login", "log in ", "hjemmeside", "website"))


@pytest.mark.parametrize(
    ("name", "retention", "told"),
    [
        (
            "Udlån",
            RetentionDays(loans_days=14),
            "slettes 14 dage efter, at det er afleveret, og det, du skyldte for det, er betalt",
        ),
        (
            "Udlån",
            RetentionDays(loans_days=14),
            "eller, kommer det aldrig tilbage, 14 dage efter, at erstatningen er betalt",
        ),
        ("Mellemværende", RetentionDays(), "slettes 30 dage efter betalingen"),
        (
            "Mellemværende",
            RetentionDays(),
            "aldrig kom tilbage, senest 30 dage efter, at alt, du skyldte for det, er betalt",
        ),
        ("Mellemværende", RetentionDays(loans_days=60), "aldrig kom tilbage, senest 60 dage efter"),
        ("Mellemværende", RetentionDays(compensation_days=365), "et gebyr slettes 30 dage og en erstatning 365 dage"),
        (
            "Beskeder",
            RetentionDays(message_days=1),
            "hvad der stod, slettes efter 1 dag; hvornår og ad hvilken vej du fik dem, huskes",
        ),
        ("Blokeret d.", RetentionDays(blocks_days=7), "7 dage efter, at blokeringen er ophævet"),
        ("Leverancer fra CPR", RetentionDays(deliveries_days=9), "slettes 9 dage efter"),
        (
            "Leverancer fra CPR",
            RetentionDays(refused_deliveries_days=4),
            "Kan en ikke bruges, slettes den 4 dage efter",
        ),
        ("Hvad hver nat ændrede", RetentionDays(nights_days=7), "Det slettes efter 7 dage"),
        ("Sammenligning med Cicero", RetentionDays(nights_days=7), "senest efter 7 dage"),
        ("Loggen", RetentionDays(log_days=400), "Loggen slettes efter 400 dage."),
        ("Loggen", RetentionDays(log_days=0), "Loggen slettes ikke automatisk."),
        ("Rettelser", RetentionDays(corrections_days=8), "slettes 8 dage efter"),
        ("Afgørelser", RetentionDays(answered_reviews_days=6), "slettes 6 dage efter"),
    ],
)
def test_the_page_names_the_days_of_the_librarys_own_policy(name: str, retention: RetentionDays, told: str) -> None:
    said = said_of(name, replace(POLICY, retention=retention))
    assert told.casefold() in said.casefold()


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (POLICY, "Du kan låne uden at oplyse det."),
        (replace(POLICY, group_defaults=PatronGroup(cpr_required=True)), "Det er nødvendigt for at låne."),
        (
            replace(POLICY, groups=(PatronGroup("Barn"), PatronGroup("Voksen", cpr_required=True))),
            "Det er nødvendigt for at låne i lånergruppe Voksen.",
        ),
        (
            replace(POLICY, group_defaults=PatronGroup(cpr_required=True), groups=(PatronGroup("Barn"),)),
            "Det er nødvendigt for at låne, undtagen i lånergruppe Barn.",
        ),
    ],
)
def test_whether_the_number_is_needed_is_what_the_groups_ask_for(policy: Policy, told: str) -> None:
    assert told in said_of("CPR-nummer", policy)


@pytest.mark.parametrize(
    ("limit", "told"),
    [(200_00, "Skylder du 200 kr."), (22_550, "Skylder du 225,50 kr."), (0, "Gæld standser ingen udlån.")],
)
def test_the_debt_that_stops_borrowing_is_the_policys(limit: int, told: str) -> None:
    assert told in said_of("Mellemværende", replace(POLICY, debt_limit_oere=limit))


@pytest.mark.parametrize(
    ("sealed", "told"), [(True, "behandles du som beskyttet"), (False, "vises navn og adresse, til")]
)
def test_what_a_new_patron_is_until_cpr_has_spoken_is_the_policys(sealed: bool, told: str) -> None:
    assert told in said_of("Navne- og adressebeskyttelse", replace(POLICY, silent_is_sealed=sealed))


def test_the_days_for_which_a_death_may_be_annulled_are_the_policys_too() -> None:
    assert "i 12 dage" in said_of("Reserveringer", replace(POLICY, dead_subscription_days=12))


def test_what_stood_there_before_is_told_of_once_with_the_policys_days() -> None:
    policy = replace(POLICY, retention=RetentionDays(before_images_days=5))
    _, introduction, *_ = privacy_page(policy, page_words)
    assert sum("forseglet i 5 dage" in one.text.da for one in introduction.paragraphs) == 1
    assert "5 dage" in kept_text(Kept.REGISTER, policy, page_words).da


@pytest.mark.parametrize("how", Kept)
def test_each_way_of_keeping_is_told_of_in_both_languages(how: Kept) -> None:
    told = kept_text(how, POLICY, page_words)
    assert told.da[0].islower()
    assert told.en[0].islower()
    assert not told.da.endswith(".")


def test_one_day_is_not_one_days() -> None:
    one, two = (page_words("days", count=count) for count in (1, 2))
    assert (one.da, one.en, two.da, two.en) == ("1 dag", "1 day", "2 dage", "2 days")


@pytest.mark.parametrize(
    ("dead", "quiet", "told"),
    [
        (90, 1095, ("i 90 dage endnu", "melder låneren ud eller biblioteket ikke har været brugt i 1095 dage.")),
        (0, 1095, ("Dagen efter beder vi CPR", "1095 dage")),
        (90, 0, ("i 90 dage endnu", "og personalet melder låneren ud.")),
    ],
)
def test_what_becomes_of_the_dead_is_the_policys_on_both_pages(dead: int, quiet: int, told: tuple[str, str]) -> None:
    policy = replace(POLICY, dead_subscription_days=dead, retention=RetentionDays(inactive_days=quiet))
    *_, rights = privacy_page(policy, page_words)
    (said,) = [one.text.da for one in rights.paragraphs if one.text.da.startswith("Dør en låner")]
    assert all(part in said for part in told)
    erasure = listed(policy)["Sletning"]
    assert f"abonnement i CPR: {page_words('days', count=dead).da}" in erasure
    assert "Afdøde låneres poster slettes som andres." in erasure


def test_no_two_things_that_are_kept_wait_for_each_other() -> None:
    """A lost book: the loan goes by its payment, and what was paid for it by a number of days, too."""
    for told in (said_of("Udlån"), said_of("Mellemværende")):
        assert "så længe udlånet" not in told
        assert "30 dage efter" in told.split("aldrig")[1]


@pytest.mark.parametrize(("quiet", "told"), [(730, True), (0, False)])
def test_patrons_hear_that_they_leave_by_themselves_where_they_do(quiet: int, told: bool) -> None:
    *_, rights = privacy_page(replace(POLICY, retention=RetentionDays(inactive_days=quiet)), page_words)
    assert any("730 dage" in one.text.da for one in rights.paragraphs) is told


def test_the_record_of_processing_names_every_field_once_under_its_basis() -> None:
    data = [
        one.text.da for one in paragraphs(article_30(POLICY, page_words, controller="Byens Bibliotek")) if _is_data(one)
    ]
    assert len(data) == len(Basis)
    for field in PRINTED:
        assert sum(f"{field.name.da}," in text or f"{field.name.da}. " in text for text in data) == 1, field.key


def listed(policy: Policy, *, controller: str = "") -> dict[str, str]:
    return {
        one.name.da: one.text.da
        for one in paragraphs(article_30(policy, page_words, controller=controller))
        if one.name
    }


def _is_data(one: Paragraph) -> bool:
    return one.name is not None and one.name.da == "Oplysninger"


def test_the_record_of_processing_names_the_controller_and_the_days() -> None:
    policy = replace(POLICY, retention=RetentionDays(loans_days=14, inactive_days=730))
    told = listed(policy, controller="Byens Bibliotek")
    assert told["Dataansvarlig"] == "Byens Bibliotek"
    assert "Udlån: 14 dage" in told["Sletning"]
    assert "Inaktive lånere: 730 dage." in told["Sletning"]


def test_where_nobody_is_asked_to_leave_the_record_of_processing_says_so() -> None:
    policy = replace(POLICY, retention=RetentionDays(inactive_days=0))
    (erasure,) = [
        o for o in paragraphs(article_30(policy, page_words, controller="B")) if o.name and o.name.da == "Sletning"
    ]
    assert "Inaktive lånere slettes ikke." in erasure.text.da
    assert "Inactive patrons are not erased." in erasure.text.en


@pytest.mark.parametrize(
    ("field", "told"),
    [
        ("address", "skjules, hvis du har"),
        ("birth_date", "kun din alder"),
        ("cpr_number", "på et lånerkort"),
        ("branch", ""),
    ],
)
def test_the_field_table_says_what_protection_hides(field: str, told: str) -> None:
    said = protection_text(FIELD[field], page_words)
    assert (told in said.da) if said else not told


def test_the_record_of_processing_speaks_to_nobody() -> None:
    said = " ".join(one.text.da for one in paragraphs(article_30(POLICY, page_words)))
    assert not {"du", "dig", "din", "dit", "dine"} & {*said.casefold().replace(",", " ").replace(".", " ").split()}


@pytest.mark.parametrize("one", BESIDE, ids=lambda one: one.key)
def test_what_is_kept_beside_the_record_is_on_both_pages_with_how_long(one: KeptBeside) -> None:
    how, name = one.kept(POLICY.retention, page_words), one.text("name", page_words).da
    assert said_of(name).startswith(one.text("said", page_words).da)
    for told in (said_of(name), listed(POLICY)[name]):
        assert told.endswith(how.da)
    assert how.da.endswith(".")
    assert how.en.endswith(".")


def test_what_only_the_library_knows_stands_on_both_pages_and_in_brackets_until_it_has_said_so() -> None:
    ours = Controller("Byens Bibliotek", "Torvet 1", "Kommunens rådgiver", "i kommunens kælder")
    policy = replace(POLICY, controller=ours)
    assert said_of("Dataansvarlig", policy) == (
        "Byens Bibliotek, Torvet 1. Bibliotekets databeskyttelsesrådgiver: Kommunens rådgiver."
    )
    assert said_of("Hvor oplysningerne står", policy) == "i kommunens kælder"
    assert said_of("Dataansvarlig").startswith("[bibliotekets navn], [adresse")
    told = listed(policy)
    assert (told["Dataansvarlig"], told["Databeskyttelsesrådgiver"]) == ("Byens Bibliotek, Torvet 1", ours.officer)
    assert "kælder" in told["Tredjelande"]


def test_what_the_library_has_not_said_of_itself_is_told_by_name() -> None:
    assert Controller(name="Byens Bibliotek", stored="her").missing == ("contact", "officer")
    assert Controller("a", "b", "c", "d").missing == ()


@pytest.mark.parametrize("beside", ["Loggen", "Hvad hver nat ændrede"])
def test_both_pages_say_that_a_day_of_age_in_clear_gives_the_birth_date_away(beside: str) -> None:
    (unsealed,) = [
        o.text.da for o in paragraphs(privacy_page(POLICY, page_words)) if o.text.da.startswith("Ikke forseglet")
    ]
    for told in (unsealed, said_of(beside), listed(POLICY)[beside], listed(POLICY)["Sikkerhed"]):
        assert "fødselsdagen" in told
        assert "regnes ud" in told


@pytest.mark.parametrize(
    ("log", "told"), [(400, "bliver; loggen slettes efter sin egen frist."), (0, "bliver; det gør loggen også.")]
)
def test_whoever_leaves_is_told_that_the_log_is_erased_only_where_it_is(log: int, told: str) -> None:
    *_, rights = privacy_page(replace(POLICY, retention=RetentionDays(log_days=log)), page_words)
    assert any(one.text.da.endswith(told) for one in rights.paragraphs)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Telefonnummer", "Har du ikke valgt et, sender vi ingen."),
        ("E-mail", "Har du ikke valgt en, sender vi ingen."),
        ("PIN-kode", "uden bibliotekets nøgle"),
        ("Økonomisk ansvarlig", "eller den ansvarlige er død, udrejst eller forsvundet, eller nummeret er annulleret."),
        ("Navne- og adressebeskyttelse", "mens noget fra CPR ikke kan læses eller afgøres"),
    ],
)
def test_a_field_is_told_of_with_what_limits_it(name: str, told: str) -> None:
    assert told in said_of(name)


# -- half a page first ---------------------------------------------------------------------------------------


def words(sections: tuple[PageSection, ...]) -> int:
    return sum(len(f"{one.name.da if one.name else ''} {one.text.da}".split()) for one in paragraphs(sections))


def test_the_page_begins_with_half_a_page_in_plain_words() -> None:
    first, *rest = privacy_page(POLICY, page_words)
    assert words((first,)) < 260 < words(tuple(rest))
    said = " ".join(one.text.da for one in first.paragraphs)
    for hard in ("aftryk", "hash", "forseglet", "litra", "CULR", "krypteret", "kommunenr"):
        assert hard not in said
    sentences = [sentence for sentence in said.replace("]", "").split(". ") if not sentence.startswith("Spørg")]
    assert max(len(sentence.split()) for sentence in sentences) <= 25


def test_the_half_page_has_the_librarys_own_days_and_where_to_ask() -> None:
    ours = Controller(contact="Torvet 1, bib@example.dk")
    policy = replace(POLICY, retention=RetentionDays(loans_days=14, inactive_days=730), controller=ours)
    said = " ".join(one.text.da for one in privacy_page(policy, page_words)[0].paragraphs)
    assert "Et lån slettes 14 dage efter" in said
    assert "brugt biblioteket i 730 dage" in said
    assert "slutter lånerforholdet automatisk" in said
    assert "kontakt biblioteket: Torvet 1, bib@example.dk." in said
    never = replace(policy, retention=RetentionDays(inactive_days=0))
    assert "slutter lånerforholdet" not in " ".join(
        one.text.da for one in privacy_page(never, page_words)[0].paragraphs
    )


def test_the_page_has_no_word_that_only_its_makers_use() -> None:
    said = " ".join(
        f"{one.name.da if one.name else ''} {one.text.da}" for one in paragraphs(privacy_page(POLICY, page_words))
    )
    assert not [word for word in ("aftryk", "regnskab over", "Nætternes", "letningslist") if word in said]

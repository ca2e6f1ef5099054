"""Each thing has one Danish word at the desk: the other words for it do not come back (`cprsync guide words`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from catalogues import entries_of

from cprsync.resources import guide_paths

if TYPE_CHECKING:
    from pathlib import Path

#: What to write, and what not. A card may be *spærret*; *om natten* is a time.
OTHER_WORDS = {
    "skjult": r"\bforsegl\w*",
    "blokering": r"\bspærring\w*",
    "godkende": r"\baccepter\w*",
    "CPR": r"\b(?:CPR-)?registrets?\b",
    "leverance": r"\bfil(?:en|ens)?\b|\bCPR's filer\b",
    "sag": r"\bpunkt(?:et|er|erne)?\b",
    "CPR-nummer": r"\bpersonnum\w+",
    "natkørsel": r"(?<!om )(?<!om\n)\bnatten\b(?! (?:efter|til)\b)|\bnætterne\b",
    "personalet": r"\bet menneske\b",
    "automatisk": r"\baf sig selv\b",
    "sms": r"(?-i:\bSMS)",
    "CPR's oplysninger": r"\bCPR's ord\b",
}
#: What commands, errors and advice say besides, which name more than the desk does.
OF_COMMANDS = {
    "personalet": OTHER_WORDS["personalet"],
    "gendanne": r"\bgenskab\w*|\bsikkerhedskopi\w* (?:er |blev |kan )?(?:\w+ )?(?:lagt|lægges) tilbage",
    "øvelse": r"\b(?:anden|seneste|ny) prøve\b(?! på)",
    "spærret": r"\btilbagekald\w*|kort\w* (?:er |var )?låst\b",
    "revisionsspor": r"\baudit ?log\w*",
    "indlæse": r"\bleverance \w+ (?:brugt|taget)\b|\bsidst tagne\b|\btager filen\b",
    "posttype": r"\brecordtype\w*",
    "natkørsel": r"(?<!én )\bnat \{|\b(?:senere|nogen) nat\b|\bnat(?:, der)? er (?:holdt|kørt|fortrudt)\b",
    "PIN-kode": r"\bpinkode\w*",
    "policy.toml": r"\bpolitikken\b|\bpolicyen\b",
}
#: Sentences that need the other word: what they say, by the word to write.
NEEDED = {
    "leverance": (
        # files that are files: the configuration, the policy, a list, an export
        "filen med konfigurationen",
        "Filen er CSV",
        "filen efter `--refused`",
        "skriver dem i en fil",
        "Filen er bibliotekets egen",
        "øverst i filen",
        "står i filen: fjern",
    ),
    "skjult": (
        # the privacy page and the list of processing say how it is stored, and explain the word
        "I databasen er det meste forseglet: det kan kun læses med nøgler",
        "hvad der er forseglet, og hvad der ikke er",
        "Forseglet er navn, adresser",
        "Ikke forseglet er det, der skal tælles",
        "Ikke forseglet er blandt andet datoer",
        "ligger forseglet",
        "dit CPR-nummer forseglet",
        "forseglet i {before}",
        "Den grund er forseglet og slettes",
        "forseglet: den grund",
        "og hvorfor, forseglet",
        "huskes årsagen (forseglet)",
        "årsag (forseglet)",
        "noter og lån er forseglet i databasen",
        "der skrives forseglet i en kædet log",
    ),
}


#: The pages of the guide that are Danish. The other names are catalogues.
DANISH = ("librarian", "policy")


def texts_of(page: str) -> dict[str, str]:
    """What people read: of the guide without its commands, of a catalogue each entry by its key."""
    if page in DANISH:
        text = guide_paths()[page].read_text(encoding="utf-8")
        commands = re.compile(r"^(?:cprsync|\{).*?(?= # |$)", re.MULTILINE)
        return {page: commands.sub("", text)}
    return {key: " · ".join(texts) for key, texts in entries_of(page, "da").items()}


def other_words(page: str, wanted: str) -> list[str]:
    """What stands around each word that is not to be written."""
    found = []
    for key, text in texts_of(page).items():
        said = text
        for needed in NEEDED.get(wanted, ()):
            said = said.replace(needed, "")
        found += [
            f"{key}: …{said[max(one.start() - 30, 0) : one.end() + 30]}…"
            for one in re.finditer((OTHER_WORDS | OF_COMMANDS)[wanted], said, re.IGNORECASE)
        ]
    return found


@pytest.mark.parametrize("page", [*DANISH, "pages", "desk"])
@pytest.mark.parametrize("wanted", OTHER_WORDS)
def test_one_word_is_written_for_one_thing(page: str, wanted: str) -> None:
    assert other_words(page, wanted) == []


@pytest.mark.parametrize("wanted", ["personalet", "CPR-nummer"])
def test_the_rules_and_the_packaged_policy_write_the_same_word(wanted: str) -> None:
    """The rest of their words is closer to the program: a rule says *forsegle*, which the desk calls *skjule*."""
    said = "\n".join(path.read_text("utf-8") for path in find_danish_toml())
    # a replacement number and an element of the wire have names of their own
    assert re.findall(rf".*{OTHER_WORDS[wanted]}.*", said, re.IGNORECASE) == []


def find_danish_toml() -> list[Path]:
    """The rules, and the files that every library begins with."""
    root = guide_paths()["words"].parents[2]
    return sorted([*root.glob("cprsync/rulebook/*.toml"), *root.glob("fixtures/*.toml")])


@pytest.mark.parametrize("page", ["advice", "errors", "words", "desk"])
@pytest.mark.parametrize("wanted", OF_COMMANDS)
def test_one_word_is_written_for_one_thing_at_a_command(page: str, wanted: str) -> None:
    assert other_words(page, wanted) == []


def test_what_pages_show_calls_it_to_become_a_patron_by_their_word() -> None:
    """A command may say *registrere* (`words.md`). Why a record was opened, and what was done, stands on pages too."""
    shown = texts_of("desk") | texts_of("rules")
    shown |= {key: text for key, text in texts_of("words").items() if key.startswith(("why_", "did_"))}
    found = re.compile(r"\bregistrering|\bregistreret som låner", re.IGNORECASE)
    assert {key for key, text in shown.items() if found.search(text)} == set()


def test_pages_name_culr_beside_the_net_media_that_everybody_knows() -> None:
    """At the desk the heading says *Netmedier*, and the line below it spoke of somebody else. Patrons hear no CULR."""
    shown = texts_of("desk") | {
        key: text for key, text in texts_of("words").items() if key.startswith(("culr_", "review_", "net_media."))
    }
    alone = re.compile(r"(?<!etmedierne \()\bCULR\b")
    assert {key for key, text in shown.items() if alone.search(text)} == set()


@pytest.mark.parametrize("sentence", [one for sentences in NEEDED.values() for one in sentences])
def test_each_sentence_that_needs_another_word_is_still_said(sentence: str) -> None:
    assert sentence in "\n".join(text for page in (*DANISH, "pages", "desk") for text in texts_of(page).values())


def test_the_word_list_names_what_to_write_and_what_not() -> None:
    told = guide_paths()["words"].read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (.+?) \| .* \| (\S+) \|$", told, re.MULTILINE))
    for wanted, other in [("skjult", "forseglet"), ("blokering", "spærring"), ("leverance", "fil"), ("sag", "punkt")]:
        assert rows[wanted] == other


def test_the_guide_names_the_buttons_as_the_pages_do() -> None:
    table = texts_of("librarian")["librarian"].partition("| opgave | på siden |")[2].partition("\n\n")[0]
    named = set(re.findall(r"\*(.+?)\*", table))
    assert len(named) > 15
    assert named - set(texts_of("desk").values()) == set()

"""What errors about patrons and those who answer for them say, in Danish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cprsync.domain.patron.fields import FIELD
from cprsync.domain.person import status
from cprsync.services.desk.setting import settable

if TYPE_CHECKING:
    from collections.abc import Mapping


def _named(field: str) -> str:
    """A field as it is called, with the name by which the command knows it."""
    return f"{FIELD[field].name.da} ({field})"


PATRONS: Final[Mapping[str, str]] = {
    # patrons
    "the patron has no card that a PIN could belong to: set one first": (
        "låneren har intet kort, som en PIN kan høre til: sæt et først"
    ),
    "another patron has one of these cards": "en anden låner har et af disse kort",
    "there is no such patron": "der er ingen sådan låner",
    "the patron has left or was erased, and nothing is left of the record": (
        "låneren er udmeldt eller slettet, og der er intet tilbage"
    ),
    "the patron was merged into {merged_into}: ask for that record": (
        "låneren er lagt sammen med {merged_into}: bed om den post"
    ),
    "the patron has left: nothing is kept of them": "låneren har meldt sig ud: der er intet gemt om låneren",
    "still open: {loans} loans, {balance} balances, {responsible} minors they answer for": (
        "endnu åbent: {loans} lån, {balance} mellemværender, {responsible} mindreårige, låneren svarer for"
    ),
    "the two patron numbers differ: nothing was erased": "de to lånernumre er forskellige: intet er slettet",
    "the erase journal is broken at line {line}: {why}": "slettejournalen er brudt på linje {line}: {why}",
    "the line was altered, or one before it was taken out": "linjen er ændret, eller en før den er taget ud",
    "the line is none of ours": "linjen er ikke vores",
    "not the erase journal that the database has seen: {lines} lines of this library's, and {remembered} seen": (
        "ikke den slettejournal, som databasen har set: bibliotekets linjer er {lines}, og den har set {remembered}"
    ),
    "say why you accept a journal with lost lines: --reason TEXT": (
        "skriv, hvorfor du godtager en journal med tabte linjer: --reason TEKST"
    ),
    "the erase journal is the one that the database has seen": "slettejournalen er den, som databasen har set",
    "the erase journal cannot be used ({why})": "slettejournalen kan ikke bruges ({why})",
    "the patron was merged into {merged_into}: set it there": "låneren er lagt sammen med {merged_into}: ret det dér",
    # who answers for a minor
    "a patron does not answer for their own debts: that is their own number": (
        "en låner er ikke ansvarlig for sig selv: det er lånerens eget nummer"
    ),
    "the patron is of age: nobody answers for their new debts": (
        "låneren er fyldt 18: ingen hæfter for lånerens nye gæld"
    ),
    "the responsible person is a minor too": "den ansvarlige er selv under 18 år",
    "the responsible person can no longer be asked for anything": ("den ansvarlige kan ikke længere kræves for noget"),
    "patron {patron} cannot answer for anyone (in CPR: {state})": (
        "låner {patron} kan ikke være ansvarlig for nogen (i CPR: {state})"
    ),
    "the person whose number was typed cannot answer for anyone (in CPR: {state})": (
        "personen med det indtastede nummer kan ikke være ansvarlig for nogen (i CPR: {state})"
    ),
    # what CPR says of someone
    **{rule.meaning.en: rule.meaning.da for rule in status.STATUS_RULES.values()},
    "four answer for the patron already": "fire er allerede ansvarlige for låneren",
    "the patron answers for that person, or for someone who does": (
        "låneren er selv ansvarlig for den anden, eller for en, der er det"
    ),
    "the patron only answers for someone, and owes nothing": (
        "låneren er kun ansvarlig for en anden og skylder intet selv"
    ),
    "the patron is no person: nobody answers for an institution": (
        "låneren er ikke en person: ingen er ansvarlig for en institution"
    ),
    "who answered for the patron has no record any more: add them again": (
        "den ansvarlige har ikke længere en post: opret ansvaret igen"
    ),
    "that person does not answer for the patron": "den person er ikke ansvarlig for låneren",
    "not a number of the register's: enter them as a patron first": (
        "ikke et af registrets numre: opret først personen som låner"
    ),
    "the register has replaced that number: ask for the new one": (
        "registret har udskiftet det nummer: spørg efter det nye"
    ),
    "another patron has that number: both now wait for a person": (
        "en anden låner har det nummer: begge venter nu på et menneske"
    ),
    "the number is real already: only the register replaces it": (
        "låneren har allerede et CPR-nummer: kun CPR kan give et nyt"
    ),
    "not a CPR number: there is no such date as the one in it": ("ikke et personnummer: datoen i det findes ikke"),
    "the patron is sealed: the rights of another day would tell the birth date": (
        "låneren er forseglet: en anden dags rettigheder ville fortælle fødselsdatoen"
    ),
    "a replacement number: the register does not know it, and it is never sent": (
        "et erstatningsnummer: registret kender det ikke, og det sendes aldrig"
    ),
    "a replacement number: only one of the register's takes the place of another": (
        "et erstatningsnummer: kun et af registrets numre kan afløse et andet"
    ),
    "{name} is not set here: {why}": "{name} sættes ikke her: {why}",
    "no such field: these may be set: {fields}": "der er intet sådant felt; disse kan sættes: {fields}",
    ", ".join(settable()): ", ".join(map(_named, settable())),
    "{name} is set for good: it takes no --reason and no --until": (
        "{name} sættes uden slutdag: det tager hverken --reason eller --until"
    ),
    "the name comes from CPR: say why it is to be another with --reason TEXT": (
        "Navnet kommer fra CPR. Skriv en begrundelse for at ændre det."
    ),
    "the birth date comes from CPR: say why it is to be another with --reason TEXT": (
        "Fødselsdatoen kommer fra CPR. Skriv en begrundelse for at ændre den."
    ),
    "the address comes from CPR: say why it is to be another with --reason TEXT": (
        "Adressen kommer fra CPR. Skriv en begrundelse for at ændre den."
    ),
    "the municipality comes from CPR: say why it is to be another with --reason TEXT": (
        "Kommunen kommer fra CPR. Skriv en begrundelse for at ændre den."
    ),
    "the group follows age: say why it is to be another with --reason TEXT": (
        "Lånergruppen følger alderen. Skriv en begrundelse for at ændre den."
    ),
    "a correction has a last day: say --until YYYY-MM-DD": "En rettelse har en sidste dag: --until ÅÅÅÅ-MM-DD.",
    "{field}: {why}": "{field}: {why}",
    "{why}": "{why}",
    "the reason is longer than {most} characters, or no plain text": (
        "grunden er længere end {most} tegn eller ikke almindelig tekst"
    ),
    "there is no reason": "der mangler en begrundelse",
    "a kept block is lifted for a reason only: --reason TEXT": (
        "en gemt blokering ophæves kun med en begrundelse: --reason TEKST"
    ),
    "the reason is longer than {most} characters, or not on one line": (
        "begrundelsen er længere end {most} tegn eller ikke på én linje"
    ),
    "the reason holds what looks like a CPR number: the audit is no place for one": (
        "grunden rummer noget, der ligner et personnummer: det hører ikke hjemme i loggen"
    ),
    "a reason is for --reveal: without it nothing is opened": "en grund hører til --reveal: uden den åbnes intet",
    "what is sealed opens for a reason only: --reason TEXT": ('det forseglede åbnes kun med en grund: --reason "…"'),
    "longer than {most} characters": "længere end {most} tegn",
    "expected a CPR number, a patron number or a card on one line": (
        "der skal stå et CPR-nummer, et lånernummer eller et kort på én linje"
    ),
    "not readable as text in UTF-8": "kan ikke læses som tekst i UTF-8",
    # parts of a sentence: what is said of a value that was typed
    "only the register protects, and only its word ends it": "kun registret beskytter, og kun dets ord ophæver det",
    "only the register says it": "kun registret siger det",
    "`cprsync patron set-cpr` makes a replacement number real": (
        "`cprsync patron set-cpr` gør et erstatningsnummer til et rigtigt"
    ),
    "a correction needs its last day: only a patron group may stay": (
        "en rettelse skal have en slutdag: kun en lånergruppe må blive"
    ),
    "it may hold for {} days: policy.toml, overrides.max_days": (
        "den må gælde i {} dage: policy.toml, overrides.max_days"
    ),
    "expected one line, or up to {} for an address": "der skulle stå én linje, eller op til {} for en adresse",
    "a line is longer than {} characters": "en linje er længere end {} tegn",
    "expected one line of at most {} characters": "der skulle stå én linje på højst {} tegn",
    "expected a line c/o and up to {} more, of at most {} characters": (
        "der skulle stå en linje c/o og op til {} mere, på højst {} tegn"
    ),
    "expected up to {}, one a line, and a * before one of them at most": (
        "der skulle stå op til {}, én på hver linje, og en * foran højst én af dem"
    ),
    "longer than {} characters": "længere end {} tegn",
    "expected up to {} blocks, one a line of at most {} characters": (
        "der skulle stå op til {} blokeringer, én på hver linje på højst {} tegn"
    ),
    "its last day has passed": "dens slutdag er overstået",
    "not a day: expected YYYY-MM-DD": "ikke en dag: der skulle stå ÅÅÅÅ-MM-DD",
    "nobody who lives today is born on that day": "ingen, der lever i dag, er født den dag",
    "no Danish municipality of today has that code: it has four digits, as 0751": (
        "ingen dansk kommune i dag har den kode: den har fire cifre, som 0751"
    ),
    "expected up to {} cards, one a line, each of at most {} characters": (
        "der skulle stå op til {} kort, et på hver linje, hvert på højst {} tegn"
    ),
    "expected ja or nej": "der skulle stå ja eller nej",
    "expected a language code such as da or en": "der skulle stå en sprogkode som da eller en",
    "expected telephone numbers: digits, with a + before a foreign one": (
        "der skulle stå telefonnumre: cifre, med + foran et udenlandsk"
    ),
    "expected e-mail addresses: name@place": "der skulle stå e-mailadresser: navn@sted",
    "expected the first day and the last, as 2027-04-10 til 2027-04-20, or the first alone": (
        "der skulle stå den første dag og den sidste, som 2027-04-10 til 2027-04-20, eller kun den første"
    ),
    "expected a PIN of 4 to 12 digits": "der skulle stå en PIN på 4 til 12 cifre",
    "expected on each line why, after the day it began if that is not today: YYYY-MM-DD": (
        "der skulle på hver linje stå hvorfor, og foran den dag, den begyndte, hvis det ikke er i dag: ÅÅÅÅ-MM-DD"
    ),
    "the library has no such branch: it has {branches}": "biblioteket har ingen sådan filial: det har {branches}",
    "that does not stand on the list": "det står ikke på listen",
    "more than one block has that reason: say the day it began before it": (
        "flere blokeringer har den årsag: skriv den dag, den begyndte, foran"
    ),
    "the list would be longer than {}: take one away first": "listen ville blive længere end {}: tag en væk først",
    "{name} is one value: --remove and --replace are for {lists}": (
        "{name} er én værdi: --remove og --replace hører til {lists}"
    ),
    "--remove, --replace and --withdraw exclude each other": "--remove, --replace og --withdraw udelukker hinanden",
    "there is no such day": "der er ingen sådan dag",
    "the last day comes before the first": "den sidste dag ligger før den første",
    "not a CPR number: expected ten digits, with at most one hyphen after the sixth": (
        "ikke et personnummer: der skulle stå ti cifre, med højst én bindestreg efter det sjette"
    ),
}

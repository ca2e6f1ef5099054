"""The rows of the tables of status, age step and residence that no rule of the code has for itself. Holds words only.

What does them stands in `decide`, `due`, `age` and `municipality`; each is lived in a test named after it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from cprsync.domain.person.action import Action
from cprsync.domain.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Mapping

#: An action is named as the reports name it.
Cell: TypeAlias = Wording | Action | str
#: Rows by the names that the tests know them by.
Rows: TypeAlias = "Mapping[str, tuple[Cell, ...]]"

NONE: Final = "–"

# -- status ------------------------------------------------------------------------------------------------

_AS_BEFORE: Final = Wording("som før", "as before")
STATUS_ROWS: Final[Rows] = {
    "status-other": (
        Wording("10 og ukendte koder", "10 and unknown codes"),
        Wording("reserveret, eller ukendt her", "reserved, or unknown here"),
        Wording("venter på et menneske", "parked for a person"),
        Wording("står som før", "stays as before"),
        Wording("som før, men først når de er åbnet med en grund", "as before, but only once opened for a reason"),
        _AS_BEFORE,
        _AS_BEFORE,
        _AS_BEFORE,
        _AS_BEFORE,
        Wording("en kendt status", "a known status"),
        NONE,
        Wording("CPR: post 001 (status); beslutning 1 og 3", "CPR: record 001 (status); decisions 1 and 3"),
    ),
    "status-silent": (
        Wording("ingen (et svar uden status)", "none (an answer without)"),
        Wording("kilden siger intet", "the source says nothing"),
        Wording("ingen ny status", "no new status"),
        Wording("følger kilden, så vidt den kendte status tillader", "follows the source as the known status allows"),
        Wording(
            "som før; før en status er kendt kun til kontaktadressen eller en adresse, der er rettet ved skranken, og "
            "først når de er åbnet med en grund: hun venter på et menneske og tæller som beskyttet (status.missing)",
            "as before; until a status is known only to the contact address or an address corrected at the desk, and "
            "once opened for a reason: she is parked and counts as protected (status.missing)",
        ),
        _AS_BEFORE,
        Wording("som før; ukendt, før en status er kendt", "as before; unknown until a status is known"),
        Wording("som før; intet, før en status er kendt", "as before; nothing until a status is known"),
        _AS_BEFORE,
        Wording("en kendt status", "a known status"),
        NONE,
        Wording("SF1520: uden status; beslutning 1, 8 og 11", "SF1520: no status; decisions 1, 8 and 11"),
    ),
    "status-dead-annulled": (
        Wording("90, så 30", "90, then 30"),
        Wording("en død, hvis nummer annulleres", "a dead person whose number is annulled"),
        Action.NUMBER_ANNULLED,
        Wording(
            "kun status er kendt, resten står; tæller stadig som død: nye lån afvises, gebyrer og alder står stille, "
            "og retten til netmedier er nej",
            "only the status is known, the rest stays; still counts as dead: new loans are refused, fees and age stand "
            "still, and the right to net media is no",
        ),
        Wording(
            "stadig standset, til en senere kilde siger, at hun lever",
            "still stopped, until a later source says that she lives",
        ),
        Wording("den for dødsfaldet bliver; én til foreslås", "the one for the death stays; another is proposed"),
        Wording("ukendt", "unknown"),
        Wording("intet sendes: det, CULR har, står", "nothing is sent: what CULR holds stays"),
        Wording("beholdes", "kept"),
        Action.NUMBER_RESTORED,
        NONE,
        Wording("CPR: post 001 (status); beslutning 1, 3 og 11", "CPR: record 001 (status); decisions 1, 3 and 11"),
    ),
}

# -- age step ----------------------------------------------------------------------------------------------

_STATUS_SOURCE: Final = Wording("CPR: post 001 (status)", "CPR: record 001 (status)")
AGE_ROWS: Final[Rows] = {
    "age-no-birth": (
        Wording("ingen fødselsdato", "no birth date"),
        Wording(
            "heller ikke en i nummeret, som i et erstatningsnummer med bogstaver: gruppen bliver, og intet "
            "alderstrin kommer",
            "not even the number's, as in a replacement number with letters: the group stays, no step comes",
        ),
        NONE,
        Wording("CPR: personnummerets opbygning; beslutning 1", "CPR: how a number is made; decision 1"),
    ),
    "age-unknown-day": (
        Wording(
            "registret kender ingen hel fødselsdato (1950-00-00), er usikkert på den (*) eller har ikke sagt nogen",
            "the register knows no whole birth date (1950-00-00), is not sure of it (*), or has said none",
        ),
        Wording(
            "den usikre gælder, ellers nummerets: gruppe, rettigheder og skærm følger samme dato, og den vises som "
            "usikker",
            "the uncertain one counts, else the number's: group, rights and screen follow the same date, which is "
            "shown as uncertain",
        ),
        NONE,
        Wording(
            "CPR: post 001 (FOED_DT), personnummerets opbygning; beslutning 1",
            "CPR: record 001 (FOED_DT), how a number is made; decision 1",
        ),
    ),
    "age-corrected": (
        Wording("fødselsdato ændret eller kendt", "birth date corrected or known"),
        Wording(
            "gruppe og næste trin regnes om, også tilbage til en yngre gruppe",
            "group and next step are computed anew, also back to a younger group",
        ),
        Wording("samme nat", "the same night"),
        Wording("CPR: post 001 (FOED_DT)", "CPR: record 001 (FOED_DT)"),
    ),
    "age-differs": (
        Wording("registrets fødselsdato er en anden end nummerets", "the register's birth date is not the number's"),
        Wording(
            "registrets gælder; et menneske får det at vide én gang (birth.differs), og punktet falder væk, når de "
            "stemmer igen. Med datoen i et erstatningsnummer sammenlignes ikke",
            "the register's counts; a person is told once (birth.differs), and the item goes when they agree again. "
            "The date in a replacement number is not compared",
        ),
        Wording("samme nat", "the same night"),
        Wording(
            "CPR: post 001 (FOED_DT), personnummerets opbygning", "CPR: record 001 (FOED_DT), how a number is made"
        ),
    ),
    "age-no-group": (
        Wording("ingen gruppe endnu", "no group yet"),
        Wording("gruppen for dagens alder", "the group of today's age"),
        Wording("samme nat", "the same night"),
        Wording("policy.toml: age_groups", "policy.toml: age_groups"),
    ),
    "age-other": (
        Wording("anden gruppe", "another group"),
        Wording("følger ikke alderen", "does not follow age"),
        NONE,
        Wording("policy.toml: age_groups", "policy.toml: age_groups"),
    ),
    "age-pinned": (
        Wording("gruppe rettet ved skranken", "group corrected at the desk"),
        Wording(
            "bliver, til rettelsen udløber; så som uden den", "stays until the correction ends; then as without it"
        ),
        NONE,
        Wording("Princip: én ejer; policy.toml: overrides", "Principle: one owner; policy.toml: overrides"),
    ),
    "age-dead": (
        Wording("død (status 90, også når nummeret siden annulleres)", "dead (status 90, then 30 too)"),
        Wording("beholder gruppen: de døde bliver ikke ældre", "keeps the group: the dead grow no older"),
        NONE,
        _STATUS_SOURCE,
    ),
    "age-alive-again": (
        Wording("lever alligevel (efter 90 en anden status end 30)", "lives after all (90, then any status but 30)"),
        Wording("gruppen for dagens alder: fødselsdagene indhentes", "the group of today's age: birthdays catch up"),
        Wording("samme nat", "the same night"),
        _STATUS_SOURCE,
    ),
    "age-responsible": (
        Wording("økonomisk ansvarlig", "responsible person"),
        Wording(
            "ophører for ny gæld; det, der skyldtes før, ændres ikke", "ends for new debts; what was owed before stays"
        ),
        Wording("den 18. fødselsdag", "the eighteenth birthday"),
        Wording(
            "værgemålsloven § 1; policy.toml: leap_day; beslutning 9",
            "Guardianship Act § 1; policy.toml: leap_day; decision 9",
        ),
    ),
}

# -- residence ---------------------------------------------------------------------------------------------

_UNKNOWN: Final = Wording("ukendt", "unknown")
_NOTHING: Final = Wording("intet sendes: det, CULR har, står", "nothing is sent: what CULR holds stays")
STATUS_SILENT: Final[Rows] = {
    "residence-status-silent": (
        Wording("status ikke kendt", "status not known"),
        _UNKNOWN,
        _NOTHING,
        Wording("CPR: post 001 (status); beslutning 1 og 11", "CPR: record 001 (status); decisions 1 and 11"),
    ),
}
#: Places of which one may ask, and which no row of the code has for itself.
PLACE_ROWS: Final[Rows] = {
    "residence-three": (
        Wording(
            "kode med tre cifre (101), i en kilde, ved skranken eller i indstillingerne",
            "code of three digits (101), from a source, at the desk or in the settings",
        ),
        Wording("som med 0 foran (0101)", "as with 0 before it (0101)"),
        Wording("som med 0 foran (0101)", "as with 0 before it (0101)"),
        Wording("CPR: kommunekoder; CULR 1.6: tre cifre", "CPR: municipality codes; CULR 1.6: three digits"),
    ),
    "residence-faroes": (
        Wording(
            "Færøerne: udrejst (status 80), uanset landekode; ingen kommunekode er deres",
            "the Faroes: emigrated (status 80), whatever the country code; no municipality code is theirs",
        ),
        Wording("ikke hjemmehørende", "not resident"),
        Wording("tom med vilje", "deliberately empty"),
        Wording("CPR: post 005, kommunekoder; beslutning 11", "CPR: record 005, municipality codes; decision 11"),
    ),
}
_OVERRIDES: Final = Wording(
    "Princip: én ejer; beslutning 11; policy.toml: overrides",
    "Principle: one owner; decision 11; policy.toml: overrides",
)
_AS_AN_ADDRESS: Final = Wording("som en adresse dér", "as an address there")
#: What a municipality means that staff typed.
TYPED_ROWS: Final[Rows] = {
    "residence-staff": (
        Wording(
            "kommune rettet ved skranken; status 01 03 70 eller ikke kendt, også uden CPR-nummer (erstatningsnummer)",
            "municipality corrected at the desk; status 01 03 70 or not known, without a CPR number too",
        ),
        _AS_AN_ADDRESS,
        _AS_AN_ADDRESS,
        _OVERRIDES,
    ),
    "residence-staff-ended": (
        Wording(
            "kommune rettet ved skranken, men status 05 07 20 80 90",
            "municipality corrected at the desk, but status 05 07 20 80 90",
        ),
        Wording("ikke hjemmehørende: status vinder", "not resident: the status wins"),
        Wording("tom med vilje", "deliberately empty"),
        _OVERRIDES,
    ),
    "residence-staff-number": (
        Wording(
            "kommune rettet ved skranken, men status 30 (50 og 60 får ingen post: nummeret skifter)",
            "municipality corrected at the desk, but status 30 (no record gets 50 or 60: the number changes)",
        ),
        _AS_AN_ADDRESS,
        Wording("intet sendes: nummeret er ingens hos CULR", "nothing is sent: the number is nobody's at CULR"),
        _OVERRIDES,
    ),
}

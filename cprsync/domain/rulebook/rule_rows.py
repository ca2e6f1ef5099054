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
        Wording("uændret", "unchanged"),
        Wording(
            "som før, men først når navn og adresse er åbnet med en begrundelse",
            "as before, but only once name and address are opened with a reason",
        ),
        _AS_BEFORE,
        _AS_BEFORE,
        _AS_BEFORE,
        _AS_BEFORE,
        Wording("en kendt status", "a known status"),
        NONE,
        Wording("CPR: post 001 (status); beslutning 1 og 3", "CPR: record 001 (status); decisions 1 and 3"),
    ),
    "status-silent": (
        Wording("ingen (et svar uden status)", "none (an answer without a status)"),
        Wording("kilden siger intet", "the source says nothing"),
        Wording("ingen ny status", "no new status"),
        Wording(
            "følger kilden så langt, som den kendte status tillader",
            "follows the source as far as the known status allows",
        ),
        Wording(
            "som før. Er ingen status kendt, venter låneren på et menneske og tæller som beskyttet (status.missing): "
            "breve går kun til kontaktadressen eller til en adresse, der er rettet ved skranken, og først når adressen "
            "er åbnet med en begrundelse",
            "as before. If no status is known, the patron is parked and counts as protected (status.missing): letters "
            "go only to the contact address or to an address corrected at the desk, and only once the address is "
            "opened with a reason",
        ),
        _AS_BEFORE,
        Wording("som før; ukendt, hvis ingen status er kendt", "as before; unknown if no status is known"),
        Wording(
            "som før; intet sendes, hvis ingen status er kendt", "as before; nothing is sent if no status is known"
        ),
        _AS_BEFORE,
        Wording("en kendt status", "a known status"),
        NONE,
        Wording("SF1520: uden status; beslutning 1, 8 og 11", "SF1520: no status; decisions 1, 8 and 11"),
    ),
    "status-dead-annulled": (
        Wording("90, derefter 30", "90, then 30"),
        Wording("låneren er død, og nummeret annulleres", "the patron is dead, and the number is annulled"),
        Action.NUMBER_ANNULLED,
        Wording(
            "kun status læses, resten bliver stående. Låneren tæller stadig som død: nye lån afvises, gebyrer og alder "
            "står stille, og låneren har ikke ret til netmedier",
            "only the status is read, the rest stays. The patron still counts as dead: new loans are refused, fees and "
            "age stand still, and the patron has no right to net media",
        ),
        Wording(
            "stadig standset, indtil en senere kilde siger, at låneren lever",
            "still stopped until a later source says that the patron is alive",
        ),
        Wording(
            "spærringen for dødsfaldet bliver; endnu en foreslås",
            "the block for the death stays; another one is proposed",
        ),
        Wording("ukendt", "unknown"),
        Wording("intet sendes, og CULR beholder det, den har", "nothing is sent, and CULR keeps what it has"),
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
            "der er heller ingen i nummeret, fx i et erstatningsnummer med bogstaver: lånergruppen bliver, og der "
            "kommer intet alderstrin",
            "there is none in the number either, as in a replacement number with letters: the patron group stays, and "
            "no age step comes",
        ),
        NONE,
        Wording("CPR: personnummerets opbygning; beslutning 1", "CPR: how a number is made; decision 1"),
    ),
    "age-unknown-day": (
        Wording(
            "registret har ingen hel fødselsdato (1950-00-00), er usikkert på den (*) eller har ikke oplyst nogen",
            "the register has no complete birth date (1950-00-00), is not sure of it (*), or has given none",
        ),
        Wording(
            "den usikre dato gælder, ellers nummerets. Gruppe, rettigheder og skærm følger samme dato, som vises som "
            "usikker",
            "the uncertain date counts, else the number's. Group, rights and screen follow the same date, which is "
            "shown as uncertain",
        ),
        NONE,
        Wording(
            "CPR: post 001 (FOED_DT), personnummerets opbygning; beslutning 1",
            "CPR: record 001 (FOED_DT), how a number is made; decision 1",
        ),
    ),
    "age-corrected": (
        Wording("fødselsdatoen er rettet eller blevet kendt", "the birth date is corrected or has become known"),
        Wording(
            "gruppe og næste trin beregnes igen; låneren kan også komme tilbage i en yngre gruppe",
            "group and next step are calculated again; the patron may also go back to a younger group",
        ),
        Wording("samme nat", "the same night"),
        Wording("CPR: post 001 (FOED_DT)", "CPR: record 001 (FOED_DT)"),
    ),
    "age-differs": (
        Wording(
            "registrets fødselsdato er en anden end nummerets", "the register's birth date differs from the number's"
        ),
        Wording(
            "registrets dato gælder. Et menneske får det at vide én gang (birth.differs), og punktet falder bort, når "
            "de to datoer stemmer igen. Datoen i et erstatningsnummer sammenlignes ikke",
            "the register's date counts. A person is told once (birth.differs), and the item drops out when the two "
            "dates agree again. The date in a replacement number is not compared",
        ),
        Wording("samme nat", "the same night"),
        Wording(
            "CPR: post 001 (FOED_DT), personnummerets opbygning", "CPR: record 001 (FOED_DT), how a number is made"
        ),
    ),
    "age-no-group": (
        Wording("låneren har ingen gruppe endnu", "the patron has no group yet"),
        Wording("gruppen for lånerens alder i dag", "the group for the patron's age today"),
        Wording("samme nat", "the same night"),
        Wording("policy.toml: age_groups", "policy.toml: age_groups"),
    ),
    "age-other": (
        Wording("en gruppe, der ikke er i age_groups", "a group that is not in age_groups"),
        Wording("følger ikke alderen", "does not follow age"),
        NONE,
        Wording("policy.toml: age_groups", "policy.toml: age_groups"),
    ),
    "age-pinned": (
        Wording("gruppen er rettet ved skranken", "the group is corrected at the desk"),
        Wording(
            "bliver, indtil rettelsen udløber; derefter som uden rettelsen",
            "stays until the correction ends; then as without the correction",
        ),
        NONE,
        Wording("Princip: én ejer; policy.toml: overrides", "Principle: one owner; policy.toml: overrides"),
    ),
    "age-dead": (
        Wording(
            "låneren er død (status 90, også når nummeret siden annulleres)",
            "the patron is dead (status 90, also when the number is annulled later)",
        ),
        Wording("gruppen bliver: døde bliver ikke ældre", "the group stays: the dead do not grow older"),
        NONE,
        _STATUS_SOURCE,
    ),
    "age-alive-again": (
        Wording(
            "låneren lever alligevel (status 90, derefter en anden status end 30)",
            "the patron is alive after all (status 90, then any status but 30)",
        ),
        Wording(
            "gruppen for lånerens alder i dag: fødselsdagene indhentes",
            "the group for the patron's age today: the birthdays catch up",
        ),
        Wording("samme nat", "the same night"),
        _STATUS_SOURCE,
    ),
    "age-responsible": (
        Wording("økonomisk ansvarlig", "responsible person"),
        Wording(
            "ansvaret ophører for ny gæld; tidligere gæld ændres ikke",
            "the responsibility ends for new debts; earlier debts do not change",
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
_NOTHING: Final = Wording("intet sendes, og CULR beholder det, den har", "nothing is sent, and CULR keeps what it has")
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
        Wording("som med 0 foran (0101)", "as with a 0 in front (0101)"),
        Wording("som med 0 foran (0101)", "as with a 0 in front (0101)"),
        Wording("CPR: kommunekoder; CULR 1.6: tre cifre", "CPR: municipality codes; CULR 1.6: three digits"),
    ),
    "residence-faroes": (
        Wording(
            "Færøerne: udrejst (status 80), uanset landekoden; Færøerne har ingen kommunekode",
            "the Faroes: emigrated (status 80), whatever the country code; they have no municipality code",
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
_AS_AN_ADDRESS: Final = Wording("som en adresse i den kommune", "as an address in that municipality")
#: What a municipality means that staff typed.
TYPED_ROWS: Final[Rows] = {
    "residence-staff": (
        Wording(
            "kommunen er rettet ved skranken, og status er 01, 03, 70 eller ikke kendt; også for en låner uden "
            "CPR-nummer (erstatningsnummer)",
            "the municipality is corrected at the desk, and the status is 01, 03, 70 or not known; also for a patron "
            "without a CPR number (replacement number)",
        ),
        _AS_AN_ADDRESS,
        _AS_AN_ADDRESS,
        _OVERRIDES,
    ),
    "residence-staff-ended": (
        Wording(
            "kommunen er rettet ved skranken, men status er 05, 07, 20, 80 eller 90",
            "the municipality is corrected at the desk, but the status is 05, 07, 20, 80 or 90",
        ),
        Wording("ikke hjemmehørende: status går forud", "not resident: the status comes first"),
        Wording("tom med vilje", "deliberately empty"),
        _OVERRIDES,
    ),
    "residence-staff-number": (
        Wording(
            "kommunen er rettet ved skranken, men status er 30 (ingen post får 50 eller 60: nummeret skifter)",
            "the municipality is corrected at the desk, but the status is 30 (no record gets 50 or 60: the number "
            "changes)",
        ),
        _AS_AN_ADDRESS,
        Wording("intet sendes: hos CULR er nummeret ingens", "nothing is sent: in CULR the number is nobody's"),
        _OVERRIDES,
    ),
}

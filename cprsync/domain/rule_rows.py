"""The rows of the rule tables that no rule of the code has for itself, Danish first. Holds words only.

What does them stands in `letter`, `patron`, `decide`, `due` and `municipality`; each is lived in a test named after it.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from cprsync.domain.action import Action
from cprsync.domain.wording import Wording

#: An action is named as the reports name it.
Cell: TypeAlias = Wording | Action | str

NONE: Final = "–"

#: What has no row in the code: an unreadable person.
OTHER_STATUS: Final[tuple[Cell, ...]] = (
    Wording("andre (10)", "others (10)"),
    Wording("ukendt her", "unknown here"),
    Wording("venter på et menneske", "parked for a person"),
    *(Wording("som før", "as before"),) * 5,
    Wording("en kendt status", "a known status"),
    NONE,
    Wording("CPR: post 001 (status); beslutning 1", "CPR: record 001 (status); decision 1"),
)

# -- protection --------------------------------------------------------------------------------------------

_EITHER: Final = Wording("ligegyldigt", "either")
_ANY: Final = Wording("ligegyldigt hvad", "whatever")
#: What seals beside a source's word about protection; the code for it stands in `patron`, `steps` and `protective`.
STREET: Final[tuple[Cell, ...]] = (
    Wording("leverancen eller et opslag", "the delivery or a look-up"),
    Wording("vejkode 9900-9999 (status 03 og 07)", "street code 9900-9999 (status 03 and 07)"),
    _EITHER,
    _ANY,
    Wording("forseglet, så længe adressen gælder", "sealed as long as that is the address"),
    Wording("CPR: post 002 (vejkode); beslutning 2", "CPR: record 002 (street code); decision 2"),
)
STREET_ORDINARY: Final[tuple[Cell, ...]] = (
    Wording("leverancen eller et opslag", "the delivery or a look-up"),
    Wording("status 03 eller 07 med en almindelig vejkode", "status 03 or 07 with an ordinary street code"),
    _EITHER,
    _ANY,
    Wording("adressen forsegler ikke: vejkoden afgør det, ikke status", "not sealed by it: the street code decides"),
    Wording("CPR: post 001 (status), 002 (vejkode); beslutning 2", "CPR: record 001, 002 (street code); decision 2"),
)
PARKED: Final[tuple[Cell, ...]] = (
    Wording("leverancen", "the delivery"),
    Wording(
        "beskyttet, men resten venter på et menneske eller kan ikke læses",
        "protected, but the rest is parked or cannot be read",
    ),
    _EITHER,
    _ANY,
    Wording("forsegles, før alt andet", "sealed, before anything else"),
    Wording("Beslutning 3", "Decision 3"),
)
HELD: Final[tuple[Cell, ...]] = (
    Wording("leverancen", "the delivery"),
    Wording("beskyttet, men natten er standset", "protected, but the night is held"),
    _EITHER,
    _ANY,
    Wording(
        "forsegles; breve til døde standses, også til en ny låner; alt andet venter, også en flytning til "
        "vejkode 9900-9999",
        "sealed; letters to the dead stop, to a new patron too; all else waits, also a move to street code 9900-9999",
    ),
    Wording("Beslutning 3", "Decision 3"),
)
OLDER: Final[tuple[Cell, ...]] = (
    Wording("leverancen eller et opslag", "the delivery or a look-up"),
    Wording(
        "hvad som helst, men ældre end posten (på samme dag: opslaget, når det ikke siger beskyttet)",
        "anything, but older than the record (of the same day: the look-up, unless it says protected)",
    ),
    _EITHER,
    _ANY,
    Wording("som før", "as before"),
    Wording("Beslutning 1: ældre ændrer ikke nyere", "Decision 1: older never changes newer"),
)

SAME_DAY: Final[tuple[Cell, ...]] = (
    Wording("et opslag", "a look-up"),
    Wording(
        "beskyttet, men leverancen fra samme dag siger: ingen beskyttelse",
        "protected, but the delivery of the same day says: no protection",
    ),
    _EITHER,
    Wording("ikke beskyttet", "not protected"),
    Wording(
        "forsegles, før alt andet; hvad opslaget ellers siger, ændrer intet",
        "sealed, before anything else; what else the look-up says changes nothing",
    ),
    Wording("Beslutning 1 og 2: de modsiger hinanden", "Decisions 1 and 2: they contradict each other"),
)

UNKNOWN_NUMBER: Final[tuple[Cell, ...]] = (
    Wording("ingen: CPR kender ikke nummeret", "nobody: CPR does not know the number"),
    Wording(
        "intet, og siger aldrig noget: erstatningsnummer eller intet nummer, også en institutions eller et biblioteks",
        "nothing, ever: a replacement number or none, also an institution's or a library's",
    ),
    _EITHER,
    Wording("ny: intet kendt", "new: nothing known"),
    Wording(
        "åben: biblioteket har selv skrevet, hvad der står; personalet kan beskytte den (patron set ID protection)",
        "open: the library wrote what stands there; staff may protect it (patron set ID protection)",
    ),
    Wording("Beslutning 2: kun den, der kunne have talt, tier", "Decision 2: only who could have spoken is silent"),
)

# -- age step ----------------------------------------------------------------------------------------------

OTHER_GROUP: Final[tuple[Cell, ...]] = (
    Wording("anden gruppe", "another group"),
    Wording("følger ikke alderen", "does not follow age"),
    NONE,
    Wording("policy.toml: age_groups", "policy.toml: age_groups"),
)
PINNED: Final[tuple[Cell, ...]] = (
    Wording("gruppe rettet ved skranken", "group corrected at the desk"),
    Wording("bliver, til rettelsen udløber; så som uden den", "stays until the correction ends; then as without it"),
    NONE,
    Wording("Beslutning 8; policy.toml: overrides", "Decision 8; policy.toml: overrides"),
)
DEAD: Final[tuple[Cell, ...]] = (
    Wording("død (status 90)", "dead (status 90)"),
    Wording("beholder gruppen: de døde bliver ikke ældre", "keeps the group: the dead grow no older"),
    NONE,
    Wording("CPR: post 001 (status)", "CPR: record 001 (status)"),
)

RESPONSIBLE: Final[tuple[Cell, ...]] = (
    Wording("økonomisk ansvarlig", "responsible person"),
    Wording(
        "ophører for ny gæld; det, der skyldtes før, ændres ikke", "ends for new debts; what was owed before stays"
    ),
    Wording("den 18. fødselsdag", "the eighteenth birthday"),
    Wording(
        "værgemålsloven § 1; policy.toml: leap_day; beslutning 9",
        "Guardianship Act § 1; policy.toml: leap_day; decision 9",
    ),
)

# -- residence ---------------------------------------------------------------------------------------------

STATUS_SILENT: Final[tuple[Cell, ...]] = (
    Wording("status ikke kendt", "status not known"),
    Wording("ukendt", "unknown"),
    Wording("intet sendes", "nothing is sent"),
    Wording("CPR: post 001 (status); beslutning 1 og 11", "CPR: record 001 (status); decisions 1 and 11"),
)
_OVERRIDES: Final = Wording("Beslutning 8 og 11; policy.toml: overrides", "Decisions 8 and 11; policy.toml: overrides")
_AS_AN_ADDRESS: Final = Wording("som en adresse dér", "as an address there")
STAFF: Final[tuple[Cell, ...]] = (
    Wording(
        "kommune rettet ved skranken; status 01 03 70 eller ikke kendt",
        "municipality corrected at the desk; status 01 03 70 or not known",
    ),
    _AS_AN_ADDRESS,
    _AS_AN_ADDRESS,
    _OVERRIDES,
)
STAFF_ENDED: Final[tuple[Cell, ...]] = (
    Wording(
        "kommune rettet ved skranken, men status 05 07 20 80 90",
        "municipality corrected at the desk, but status 05 07 20 80 90",
    ),
    Wording("ikke hjemmehørende: status vinder", "not resident: the status wins"),
    Wording("tom med vilje", "deliberately empty"),
    _OVERRIDES,
)
STAFF_NUMBER: Final[tuple[Cell, ...]] = (
    Wording(
        "kommune rettet ved skranken, men status 30 50 60 eller et erstatningsnummer",
        "municipality corrected at the desk, but status 30 50 60 or a replacement number",
    ),
    _AS_AN_ADDRESS,
    Wording("intet sendes: nummeret er ingens hos CULR", "nothing is sent: the number is nobody's at CULR"),
    Wording("Beslutning 6, 8 og 11; policy.toml: overrides", "Decisions 6, 8 and 11; policy.toml: overrides"),
)

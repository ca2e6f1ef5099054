"""Goes to every page of the desk, and looks at each in both themes, on a screen, on a telephone, and enlarged.

The pages are those of the application's own routes. What only a form leads to is in `ANSWERS`.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe
from starlette.routing import Route
from town import PEOPLE, number

from chromium.reflow import find_cut
from chromium.seat import SCREEN, TELEPHONE
from cprsync.cli.desk.surroundings import surrounding
from cprsync.config.settings import load_settings
from cprsync.domain.patron.review import NET_MEDIA_REFUSED
from cprsync.web.app import make_app
from cprsync.wiring.site import site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from chromium.seat import Seat
    from chromium.town_desk import TownDesk

#: Nobody signs in at these; the first two are there for someone who has not.
SIGNED_OUT = ("/sign-in",)
_AXE = Axe()
_HAS_AXE = "typeof axe !== 'undefined'"
#: Only what is wrong is told, and no style sheet is fetched again. What is well stays in the browser: to hand it over
#: took longer than to find it.
_AXE_RUN = """async (which) => {
    const told = await axe.run({resultTypes: ["violations"], preload: false, ...which});
    return told.violations.map((one) => [one.id, one.nodes.slice(0, 5).map((node) => node.target)]);
}"""
#: A theme changes colours and nothing else, and a width anything but colours.
_OF_COLOURS = ("color-contrast", "link-in-text-block")
#: Axe's options that say what it looks for.
Rules = dict[str, Any]
_ALL: Rules = {}
_COLOURS: Rules = {"runOnly": _OF_COLOURS}
_ALL_BUT_COLOURS: Rules = {"rules": {rule: {"enabled": False} for rule in _OF_COLOURS}}
#: The window, the theme, and what axe looks for.
Look = tuple[tuple[int, int], str, Rules]
LOOKS: tuple[Look, ...] = ((SCREEN, "dark", _COLOURS), (SCREEN, "light", _ALL), (TELEPHONE, "light", _ALL_BUT_COLOURS))
#: What a telephone alone shows stands on every page: its colours are looked at on this one.
OF_TELEPHONES = "/"
ALL_LOOKS: tuple[Look, ...] = (*LOOKS, (TELEPHONE, "light", _COLOURS), (TELEPHONE, "dark", _COLOURS))
#: Of a page whose parts have been looked at on others.
TWO_LOOKS: tuple[Look, ...] = ((SCREEN, "light", _ALL), (TELEPHONE, "dark", _COLOURS))
_SIZES = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
    .reduce((sum, one) => sum + one.decodedBodySize, 0)"""
_TOO_WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@dataclass(frozen=True)
class Looked:
    """What was seen of one page."""

    #: the template that was rendered
    template: str
    #: of page, style, script and pictures together
    size: int
    #: by look: what axe says is wrong, and where
    violations: list[str]


def look_at(seat: Seat, looks: Iterable[Look] = LOOKS) -> Looked:
    """Look at the page that is shown."""
    if not seat.page.evaluate(_HAS_AXE):
        # the window has it from now on, on each page: to hand over half a megabyte takes longer than to look
        seat.page.context.add_init_script(_AXE.axe_script)
        seat.page.evaluate(_AXE.axe_script)
    wrong: list[str] = []
    for size, theme, rules in looks:
        seat.look_by(size=size, theme=theme)
        for rule, places in seat.page.evaluate(_AXE_RUN, rules):
            wrong.append(f"{size[0]} {theme}: {rule} at {', '.join(map(str, places))}")
        if seat.page.evaluate(_TOO_WIDE):
            wrong.append(f"{size[0]} {theme}: wider than the window")
    wrong += find_cut(seat)
    seat.look_by()
    return Looked(str(seat.page.evaluate("document.body.dataset.page")), seat.page.evaluate(_SIZES), wrong)


# -- the pages that have an address ------------------------------------------------------------------------


#: What programs fetch there is no page.
FOR_PROGRAMS = ("/feed", "/oauth/", "/metrics")


def find_paths(town: TownDesk) -> list[str]:
    """The address of every page that is there to be opened, with numbers of the town in it.

    A route with a part that is not known here has no address: give it one in `_parts`.
    """
    site = site_of(load_settings(town.library.folder / "cprsync.toml"), None)
    parts = _parts(town)
    with surrounding(site) as around:
        routes = make_app(around).routes
    found: list[str] = []
    for route in routes:
        is_page = isinstance(route, Route) and not route.path.startswith(FOR_PROGRAMS)
        if is_page and "GET" in (route.methods or ()):
            found += _addresses(route.path, parts)
    return found


def _addresses(path: str, parts: Mapping[str, list[str]]) -> list[str]:
    """One address for each example of the unknown part that a path ends in. What lies below it needs one example."""
    begin = next((part for part in path.split("/") if part.startswith("{")), None)
    if begin is None:
        return [path]
    stem = path.partition(begin)[0] + begin
    assert stem in parts, f"the tests of every page know no {stem}: add an example to `_parts`"
    examples = parts[stem] if path == stem else parts[stem][:1]
    return [one for value in examples for one in _addresses(path.replace(begin, value, 1), parts)]


def _parts(town: TownDesk) -> dict[str, list[str]]:
    """Examples for the unknown part of an address: an ordinary patron, a protected one and one who has died."""
    run = town.library.call
    patrons = [patron_of(town, key) for key in ("SOFIE", "HELLE", "OLDEMOR")]
    reviews = run("review", "list").document["items"]
    nights = run("runs", "list").document["runs"]
    return {
        "/patrons/{patron:patron}": patrons,
        # what a form leads to: see `ANSWERS`
        "/answers/{answer}": [],
        "/reviews/{number:number}": [str(reviews[0]["id"])],
        "/nights/before/{number:number}": [str(nights[0]["run"])],
        "/nights/deliveries/{month:month}": ["2027-02"],
        "/nights/{number:number}": [str(nights[0]["run"]), str(nights[-1]["run"])],
    }


def patron_of(town: TownDesk, key: str) -> str:
    """The patron number of a person of the town."""
    from cprsync.domain.person.number import CprNumber

    with site_of(load_settings(town.library.folder / "cprsync.toml"), None).store_to_show() as store:
        return str(store.patrons.find(CprNumber.parse(number(key))))


# -- what only a form leads to -----------------------------------------------------------------------------


def _ask_for_nobody(seat: Seat) -> None:
    seat.open("/").type_into("typed", "K00000000").click("Find")


def _find_twins(seat: Seat) -> None:
    """Two patrons have this name and this birth date."""
    seat.open("/").type_into("typed", f"{PEOPLE['LIV']['name']['last']} 11062014").click("Find")


def _ask_for_a_purpose(seat: Seat) -> None:
    seat.open("/").type_into("typed", number("NICOLAI")).click("Find")


def _preview(seat: Seat) -> None:
    _ask_for_a_purpose(seat)
    seat.click("Slå op i CPR og indmeld")


def _preview_of_someone_protected(seat: Seat) -> None:
    seat.open("/").type_into("typed", number("INGER")).click("Find")
    if not seat.path.startswith("/patrons/"):
        seat.click("Slå op i CPR og indmeld")


def _refuse_a_telephone(seat: Seat) -> None:
    """The form keeps the CPR number that was typed as a card, and says so."""
    _preview(seat)
    seat.type_into("cards", number("NICOLAI")).type_into("telephones", "ingen").click("Indmeld")


def _look_a_patron_up(seat: Seat) -> None:
    seat.open("/").type_into("typed", number("SOFIE")).click("Find").click("Fornyelse")


def _ask_about_own_words(seat: Seat) -> None:
    seat.open("/register").type_into("name", "Børnehaven Engen").click("Fortsæt")


def _name_who_answers(seat: Seat) -> None:
    seat.open("/register").type_into("name", "Ida Ny").type_into("birth_date", "01.02.2020")
    seat.type_into("responsible", "K404").click("Fortsæt")


def _ask_whether_they_answer(seat: Seat) -> None:
    seat.open("/").type_into("typed", number("LIV")).click("Find").page.locator("#responsible summary").click()
    seat.type_into("number", number("SOFIE")).press_and_wait("Enter")


def _refuse_a_birth_date(seat: Seat) -> None:
    seat.open("/register").type_into("name", "Børnehaven Engen").type_into("birth_date", "i går").click("Fortsæt")


def _tell_a_citizen(seat: Seat) -> None:
    seat.open("/log").type_into("citizen", number("SOFIE")).press_and_wait("Enter")


def _ask_for_a_second_person(seat: Seat) -> None:
    """A look-up of someone who is watched."""
    seat.open("/log").type_into("watch", number("KUNEN")).click("Overvåg")
    seat.open("/").type_into("typed", number("KUNEN")).click("Find").click("Slå op i CPR og indmeld")


def _choose_several(seat: Seat) -> None:
    seat.open("/reviews").page.locator('main [name="item"]').first.check()
    seat.click("Godkend de valgte …")


def _find_no_page(seat: Seat) -> None:
    seat.open("/nowhere")


def _ask_whether_they_are_the_same(seat: Seat) -> None:
    """Somebody is a patron without a CPR number, and is registered once more, with it."""
    person = PEOPLE["SKAT"]
    seat.open("/register").type_into("name", person["name"]["addressing"])
    seat.type_into("birth_date", person["born"].strftime("%d.%m.%Y")).click("Fortsæt").click("Indmeld")
    seat.open("/").type_into("typed", number("SKAT")).click("Find").click("Slå op i CPR og indmeld")
    seat.page.locator("form button", has_text="Ja, det er den samme").first.click()


#: Each leads to a page that has no address of its own.
ANSWERS: tuple[Callable[[Seat], None], ...] = (
    _ask_for_nobody,
    _find_twins,
    _ask_for_a_purpose,
    _preview,
    _preview_of_someone_protected,
    _refuse_a_telephone,
    _look_a_patron_up,
    _ask_about_own_words,
    _name_who_answers,
    _ask_whether_they_answer,
    _refuse_a_birth_date,
    _tell_a_citizen,
    _ask_for_a_second_person,
    _choose_several,
    _find_no_page,
    _ask_whether_they_are_the_same,
)


def look_at_every_page(town: TownDesk, sit: Callable[..., Seat]) -> Iterator[tuple[str, Looked]]:
    """Look at all of them, and name each."""
    stranger, seat = sit(), sit("alle")
    for path in SIGNED_OUT:
        yield path, look_at(stranger.open(path))
    for path in find_paths(town):
        if path not in SIGNED_OUT:
            yield path, look_at(seat.open(path), ALL_LOOKS if path == OF_TELEPHONES else LOOKS)
    with waiting_for_bulk(town):
        for go in ANSWERS:
            go(seat)
            yield go.__name__, look_at(seat)
    # so that no other test meets the two
    seat.click("Ja, det er den samme: giv nummeret")
    seat.open("/log").type_into("watch", number("KUNEN")).click("Hold op med at overvåge")


@contextmanager
def waiting_for_bulk(town: TownDesk) -> Iterator[None]:
    """An item that may be accepted together with others, which waits meanwhile."""
    one, other = (patron_of(town, key) for key in ("SOFIE", "HELLE"))
    with site_of(load_settings(town.library.folder / "cprsync.toml"), None).store() as store:
        store.desk.ask_staff(one, NET_MEDIA_REFUSED, about=other)
    items = town.library.call("review", "list").document["items"]
    (raised,) = [item["id"] for item in items if item["kind"] == NET_MEDIA_REFUSED]
    yield
    town.library.call("review", "reject", str(raised), "--reason", "Kun set på")

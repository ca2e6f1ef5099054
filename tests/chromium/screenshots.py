"""Makes the pictures of the guide, with a Chromium: `python tests/chromium/screenshots.py`.

They show the demo's town, where nobody exists.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import rooms  # noqa: F401 -- puts the tests' folders on the path
from conftest import _make_mock_keys
from town import number

from chromium.launching import demand, find_chromium, launched
from chromium.seat import sit_down
from chromium.town_desk import served_town
from cprsync.cli.terminal.logs import configure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chromium.seat import Seat

GUIDE: Final = Path(__file__).resolve().parents[2] / "cprsync" / "guide"
#: Wide enough for both columns, and no larger than a page of the guide shows.
WIDTH: Final = 1100


def _register(seat: Seat) -> None:
    seat.open("/").type_into("typed", number("IVAN")).click("Find").click("Slå op i CPR og indmeld")


def _show_protected(seat: Seat) -> None:
    seat.open("/").type_into("typed", number("HELLE")).click("Find")


def _show_deliveries(seat: Seat) -> None:
    seat.open("/nights/deliveries")


#: By file name, how to get there, and how high the picture is.
PICTURES: Final[Mapping[str, tuple[Callable[[Seat], None], int]]] = {
    "desk-registration.png": (_register, 872),
    "desk-protected.png": (_show_protected, 760),
    "desk-deliveries.png": (_show_deliveries, 900),
}


def main() -> int:
    configure("ERROR")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = folder / "keys"
        keys.mkdir()
        _make_mock_keys(keys)
        with served_town(folder / "town", keys) as town, launched(demand(find_chromium())) as browser:
            seat = sit_down(browser, town.url).sign_in_as("leder")
            for file, (go, height) in PICTURES.items():
                go(seat.look_by(size=(WIDTH, height)))
                seat.page.screenshot(path=GUIDE / file)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What is said of windows, in which the feed could not have told of a patron's number. Danish, then English."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

WINDOWS: Final[Mapping[str, tuple[str, str]]] = {
    "feed_unverified": (
        "{count} lånere er ubekræftede: ingen ved, hvem en fil, der mangler, fortalte om. Næste nat slår dem op.",
        "{count} patrons are unverified: nobody can say whom a missing file was about. The next night looks them up.",
    ),
    "windows_asked": (
        "Slået op, fordi leverancerne ikke kunne fortælle om dem: {asked}, heraf besvaret {answered}",
        "Looked up, since deliveries could not have told of them: {asked}, answered {answered}",
    ),
    "windows_left": (
        "Ubekræftede, til registret har svaret: {left} ({why})",
        "Unverified until the register has answered: {left} ({why})",
    ),
    "windows_brake": (
        "Svarene er holdt tilbage af bremsen: {what} {count}, grænsen er {limit}; det, der beskytter, er skrevet",
        "Answers are held by the brake: {what} {count}, the limit is {limit}; what protects is written",
    ),
    "windows_brake_next": (
        "Er svarene rigtige, så hæv grænsen i policy.toml for en dag, og kør `cprsync feed heal` igen.",
        "If the answers are right, raise the limit in policy.toml for a day, and run `cprsync feed heal` again.",
    ),
    "windows_next": (
        "Hver nat spørger om resten. `cprsync feed windows` viser hvem; `feed heal --limit N` spørger om flere nu.",
        "Each night asks about the rest. `cprsync feed windows` lists them; `feed heal --limit N` asks about more now.",
    ),
    "windows_count": ("{agency}: {count} ubekræftede", "{agency}: {count} unverified"),
    "windows_asked_on": (", spurgt {asked} uden svar", ", asked on {asked} without an answer"),
    "windows_waiting": (
        ", venter på punkt {id} (`cprsync review show {id}`)",
        ", waits for review item {id} (`cprsync review show {id}`)",
    ),
    "windows_rejected": (
        ", fordi punkt {id} er afvist (`cprsync review reopen {id}`)",
        ", since review item {id} was rejected (`cprsync review reopen {id}`)",
    ),
    "window_subscribed_late": ("abonneret for sent", "subscribed late"),
    "window_subscription_lost": ("abonnementet var forsvundet", "the subscription had vanished"),
    "window_merge_undone": ("sammenlægning fortrudt", "a merge was taken back"),
    "window_gap": ("en leverance mangler", "a delivery is missing"),
    "window_restored": ("ældre kopi af databasen", "an older copy of the database"),
    "window_returned": ("havde været meldt ud", "had left"),
    "window_number_replaced": ("nummeret er skiftet ud", "the number was replaced"),
}

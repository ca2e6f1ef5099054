"""`cprsync guide`: the pages travel with the package, and every link in them leads somewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from cprsync.cli.pages.guide import guide
from cprsync.config.packaged import load_reasons
from cprsync.domain.trust.alarms import RULES, Urgency
from cprsync.errors import Exit
from cprsync.resources import GUIDE, guide_paths

ROOT = Path(__file__).resolve().parents[3]
PAGES = [ROOT / "README.md", ROOT / "certs" / "README.md", *guide_paths().values()]
_LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")


def printed(capsys: pytest.CaptureFixture[str], topic: str | None, *, as_json: bool = False) -> str:
    guide(topic, lang="en", as_json=as_json)
    return capsys.readouterr().out


def test_each_page_is_printed_as_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    for topic, path in guide_paths().items():
        assert printed(capsys, topic).rstrip("\n") == path.read_text(encoding="utf-8").rstrip("\n")


def test_without_a_topic_each_page_is_named_with_its_title(capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed(capsys, None, as_json=True))["topics"]
    assert [one["topic"] for one in told] == list(GUIDE)
    text = printed(capsys, None)
    assert all(one["title"] and one["title"] in text for one in told)


def test_a_page_that_there_is_not_is_refused_with_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        guide("everything", lang="en", as_json=True)
    assert ended.value.code == 2
    refused = json.loads(capsys.readouterr().out)["error"]
    assert (refused["kind"], refused["changed"]) == ("usage", "nothing")
    assert "operator, desk, systems, reference, librarian, policy, developer, integrator" in refused["message"]


def anchors(page: Path) -> set[str]:
    """What a heading is called in a link, as the common hosts of Markdown make it."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    for path, anchor in links:
        if path.startswith("http"):
            continue
        target = page if not path else (page.parent / path).resolve()
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), (path, anchor)


def test_the_readme_is_one_that_is_read_to_its_end() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


def test_every_picture_is_shown_on_a_page_and_is_small() -> None:
    """The guide is installed with the program. `tests/chromium/screenshots.py` makes the pictures."""
    folder = next(iter(guide_paths().values())).parent
    pictures = {path.name: path.stat().st_size for path in folder.glob("*.png")}
    shown = {path for page in PAGES for path, _ in _LINK.findall(page.read_text(encoding="utf-8"))}
    assert pictures.keys() <= shown
    assert {name: size for name, size in pictures.items() if size > 128 * 1024} == {}


#: By the alarm that rings at any hour: words of its row on the duty card.
_ON_THE_CARD = {
    "store": "the store, or the audit's heads, cannot be reached",
    "heads": "the store, or the audit's heads, cannot be reached",
    "audit": "the audit is not whole",
    "policy": "the policy has a mistake",
    "run": "a night stopped",
    "open_run": "was not finished",
    "night_missed": "No night for a day",
    "open_undo": "an undo was not finished",
    "plan": "a plan waits for approval",
    "replaced": "a second delivery for a day",
    "disk": "little room on a disk",
    "certificate_unusable": "a certificate cannot be used",
    "guessing_page": "many wrong PINs",
    "guessing_machines": "many wrong PINs",
}


def card_rows(section: str) -> str:
    """The rows of one table of the duty card."""
    page = guide_paths()["operator"].read_text(encoding="utf-8")
    card = page[page.index("## Duty card") :].split("\n## ")[0]
    text = card[card.index(f"### {section}") :].split("\n### ")[0]
    return "\n".join(line for line in text.splitlines() if line.startswith("| "))


def test_the_duty_card_has_a_row_for_each_alarm_that_wakes_somebody() -> None:
    """Those that wait for the end of the quiet hours are told with what to do, and the card says so."""
    waking = {one.what for one in RULES if one.urgency is Urgency.NOW}
    rows = card_rows("What rings at once, at any hour")
    assert {what for what in waking if _ON_THE_CARD.get(what, "?") not in rows} == set()
    assert _ON_THE_CARD.keys() == waking


def test_the_duty_card_has_a_row_for_each_exit() -> None:
    exits = {code for name, code in vars(Exit).items() if name.isupper()}
    rows = re.findall(r"^\| ([\d, ]+) \|", card_rows("How the night ended"), re.MULTILINE)
    assert sorted(int(code) for row in rows for code in row.split(",")) == sorted(exits)


_DECISIONS = re.compile(r"\bdecisions? (\d+(?:(?:,| and|, and| to) \d+)*)")


def test_each_decision_that_code_names_stands_in_the_guide_once() -> None:
    """Those that a rule rests on are in `decisions.toml`; the rules' tests look after them."""
    sources = [
        path.read_text(encoding="utf-8") for folder in ("cprsync", "tests") for path in (ROOT / folder).rglob("*.py")
    ]
    lines = [re.sub(r"\s*\n\s*#?:? *", " ", source) for source in sources]
    named = {
        int(number) for source in lines for some in _DECISIONS.findall(source) for number in re.findall(r"\d+", some)
    }
    engine = [
        int(number)
        for number in re.findall(r"^- \*\*(\d+)\.\*\*", guide_paths()["developer"].read_text("utf-8"), re.MULTILINE)
    ]
    assert len(named) > 30
    assert sorted(engine) == sorted(named - set(load_reasons().decisions))

"""A field is added in one place, with its words, and is there with its value wherever fields are.

A copy of the package gets more rows. `lives_with_one_more_field` is then run against the copy, in a process of
its own, since much is read from the table when a module is first imported.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

import cprsync

if TYPE_CHECKING:
    import pytest

ROOT = Path(cprsync.__file__).resolve().parent.parent
LIVES = Path(__file__).with_name("lives_with_one_more_field.py")
CEILING_SECONDS = 300
#: Two of one line of text, of which one is hidden for a protected patron, and one of several lines, each as long as it
#: says; a branch and a period; one that nobody sees; and one of which the row says nothing that need not be said.
ROWS = """
    Field("extra_line", Wording("Ekstra linje", "Extra line"), Owner.PATRON, Kept.CHANGED, kind=line_of(20),
          imported=True, settable=True, asked=True),
    Field("extra_sealed", Wording("Ekstra skjult", "Extra hidden"), Owner.STAFF, Kept.CHANGED, kind=line_of(300),
          targets=FieldTargets.READERS, sealed=True, imported=True, settable=True, asked=True),
    Field("extra_lines", Wording("Ekstra linjer", "Extra lines"), Owner.PATRON, Kept.CHANGED, kind=note_of(3000),
          targets=FieldTargets.READERS,
          imported=True, settable=True, asked=True, section=Section.NOTES),
    Field("extra_branch", Wording("Ekstra filial", "Extra branch"), Owner.PATRON, Kept.CHANGED, kind=BRANCH,
          imported=True, settable=True),
    Field("extra_days", Wording("Ekstra dage", "Extra days"), Owner.PATRON, Kept.CHANGED, kind=ABSENCE,
          imported=True, settable=True),
    Field("extra_secret", Wording("Ekstra hemmelig", "Extra secret"), Owner.PATRON, Kept.CHANGED, seen=Seen.NOBODY,
          imported=True, settable=True, asked=True),
    Field("extra_bare", Wording("Ekstra stum", "Extra mute"), Owner.STAFF, Kept.CHANGED),
"""
PURPOSES = {
    "da": {
        "extra_line": "Det, vi skal kalde dig i breve.",
        "extra_sealed": "Et navn, du også kendes under.",
        "extra_lines": "Hvor bogen må stilles.",
        "extra_branch": "Hvor du vil hente.",
        "extra_days": "Hvornår du er væk.",
        "extra_secret": "Det kan ingen læse.",
        "extra_bare": "Det ved ingen.",
    },
    "en": {
        "extra_line": "What we are to call you in letters.",
        "extra_sealed": "A name by which you are known as well.",
        "extra_lines": "Where a book may be put.",
        "extra_branch": "Where you want to fetch.",
        "extra_days": "When you are away.",
        "extra_secret": "Nobody can read it.",
        "extra_bare": "Nobody knows.",
    },
}


def add_rows(package: Path) -> None:
    table = package / "domain" / "patron" / "fields.py"
    text = table.read_text(encoding="utf-8")
    for before, added in (
        ('    Field(\n        "standing",', ROWS.lstrip("\n")),
        ("    TELEPHONES,\n", "    line_of, note_of,\n"),
    ):
        assert text.count(before) == 1
        text = text.replace(before, added + before)
    table.write_text(text, encoding="utf-8")


def add_words(package: Path) -> None:
    for language, purposes in PURPOSES.items():
        catalogue = package / "locale" / language / "LC_MESSAGES" / "pages.po"
        with catalogue.open("a", encoding="utf-8") as file:
            file.writelines(f'\nmsgid "field.{key}"\nmsgstr "{purpose}"\n' for key, purpose in purposes.items())
        with catalogue.open("rb") as edited, catalogue.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, read_po(edited, locale=language))


def test_a_field_that_is_added_in_one_place_is_seen_everywhere_with_its_value(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    # with what Python has compiled of it, which fits each file that is not altered: the copies keep their time
    shutil.copytree(ROOT / "cprsync", tmp_path / "cprsync")
    for folder in ("schemas", "fixtures", "certs"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    add_rows(tmp_path / "cprsync")
    add_words(tmp_path / "cprsync")
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    command += ["--one-database"] * request.config.getoption("one_database")
    done = subprocess.run(
        # the checkout itself is not on the path: the copy is
        [*command, "--rootdir", str(ROOT), "-o", f"pythonpath={ROOT / 'tests'}", str(LIVES)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=CEILING_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr

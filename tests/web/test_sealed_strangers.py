"""Strangers' sessions are sealed with the library's keys, so that each process of a desk knows them again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cprsync.cli.setup.installation import write_folder
from cprsync.config.settings import load_settings
from cprsync.store.seals.keys import KeyPurpose, add_key, let_write
from cprsync.web.memory.sessions import COOKIE, PATRONS_COOKIE, Sessions
from cprsync.wiring.site import Site

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Site:
    write_folder(tmp_path / "library", mock=None)
    settings = load_settings(tmp_path / "library" / "cprsync.toml")
    return Site(settings, settings.library[0])


def process_of(site: Site, door: str = COOKIE) -> Sessions:
    """The sessions of another process of the desk, or of one that was started again."""
    return Sessions(now=lambda: 100.0, seals=site.seals_at(door))


def other_library(site: Site) -> Site:
    """Another library in the same database, with the same keys."""
    return replace(site, section=site.section.model_copy(update={"agency": "799999"}))


def test_a_restart_lets_a_stranger_who_is_about_to_sign_in_go_on(site: Site) -> None:
    begun = process_of(site).begin("", frozenset())
    found = process_of(site).find(begun.token)
    assert found is not None
    assert (found.user, found.form_token) == ("", begun.form_token)


def test_a_strangers_session_is_of_one_library_and_one_door(site: Site) -> None:
    begun = process_of(site).begin("", frozenset())
    assert process_of(site, PATRONS_COOKIE).find(begun.token) is None
    assert process_of(other_library(site)).find(begun.token) is None
    # and no seal of what was signed in is made of it
    assert process_of(site).find(begun.token.partition("~")[0]) is None


def test_a_change_of_keys_ends_no_strangers_session(site: Site) -> None:
    """A process that sees the new key first seals with it, and the others know that seal."""
    old, begun_before = process_of(site), process_of(site).begin("", frozenset())
    add_key(site.settings.keys.dir, KeyPurpose.INDEX, ending=".next")
    let_write(site.settings.keys.dir, KeyPurpose.INDEX)
    fresh = process_of(site)
    begun = fresh.begin("", frozenset())
    for sessions, session in ((fresh, begun_before), (old, begun), (old, begun_before)):
        found = sessions.find(session.token)
        assert found is not None
        assert found.form_token == session.form_token

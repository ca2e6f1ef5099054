"""What a release hands out is the same for everybody who makes it, and says what is in it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import cyclonedx.schema
import jsonschema_rs
import pytest
from release import build_twice, describe, git, read_lock
from test_locks import RUNNING, read_pins

PROJECT = {"name": "cprsync", "version": "0.1.0", "license": "MPL-2.0"}
SCHEMAS = Path(cyclonedx.schema.__file__).parent / "_res"
MADE = datetime(2027, 4, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def lock() -> str:
    return RUNNING.read_text(encoding="utf-8")


def test_the_sbom_names_each_distribution_of_the_lock_with_its_hashes(lock: str) -> None:
    found = json.loads(describe(PROJECT, lock, made=MADE))
    components = {one["name"]: one for one in found["components"]}
    assert {name.lower() for name in components} == set(read_pins(RUNNING))
    assert all(one["hashes"] for one in components.values())
    assert sum(len(one["hashes"]) for one in components.values()) == lock.count("--hash=")
    assert found["metadata"]["component"]["name"] == "cprsync"


def test_the_sbom_is_of_the_published_form_and_the_same_each_time(lock: str) -> None:
    text = describe(PROJECT, lock, made=MADE)
    jsonschema_rs.validator_for(published_form(), retriever=published).validate(json.loads(text))
    assert describe(PROJECT, lock, made=MADE) == text


def test_the_published_form_finds_what_is_wrong_in_an_sbom(lock: str) -> None:
    found = json.loads(describe(PROJECT, lock, made=MADE))
    found["components"][0]["type"] = "book"
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validator_for(published_form(), retriever=published).validate(found)


def published(address: str) -> object:
    """A part of CycloneDX's schema, which comes with the library; nothing is fetched."""
    name = address.rpartition("/")[2].removesuffix(".schema.json").removesuffix(".SNAPSHOT")
    return json.loads((SCHEMAS / f"{name}.SNAPSHOT.schema.json").read_text(encoding="utf-8"))


def published_form() -> object:
    return published("bom-1.6.schema.json")


def test_another_lock_gives_another_sbom(lock: str) -> None:
    pins = list(read_lock(lock))
    one_less = lock.replace(f"{pins[0][0]}==", "# ", 1)
    assert describe(PROJECT, one_less, made=MADE) != describe(PROJECT, lock, made=MADE)


def test_two_builds_of_a_commit_are_equal_byte_for_byte() -> None:
    name, wheel = build_twice(git("archive", "--format=tar", "HEAD"), epoch=1_800_000_000)
    assert name.endswith("-py3-none-any.whl")
    assert len(wheel) > Path(__file__).stat().st_size

"""What other programs import from `cprsync` stays: its names, their parameters and their fields."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import cprsync

PACKAGE = Path(cprsync.__file__).parent
#: By name, its parameters or fields. Taking one away, or making one necessary, breaks programs of others: it needs a
#: new major version, and a version before it that warns.
STAYS: dict[str, tuple[str, ...]] = {
    "Abroad": ("country", "lines"),
    "Address": (
        *("municipality", "street_code", "house", "building", "floor", "door", "co", "locality", "town", "postcode"),
        *("district", "road", "supplementary"),
    ),
    "Birth": ("day", "uncertain"),
    "Contact": ("lines",),
    "Found": ("number", "person"),
    "Name": ("addressing", "first", "middle", "last"),
    "NotFound": ("number", "error"),
    "Person": (
        *("number", "name", "birth", "status", "address", "protection", "current_number", "abroad", "contact"),
        *("events", "is_end_doubted"),
    ),
    "RegisterAccess": (
        *("lookup_url", "subscription_url", "ca", "service_agreement", "user_system", "user", "cvr", "client_cert"),
        *("client_key", "p12", "p12_password_file", "test"),
    ),
    "Unreadable": ("number", "reason", "protection", "status"),
    "inspect_delivery": ("source", "task"),
    "label_lines": ("address",),
    "read_delivery": ("source", "task"),
}
METHODS = {
    "Register": ("close", "look_up", "look_up_many", "subscribe", "subscriptions", "unsubscribe"),
    "CprNumber": ("digits", "masked", "parse"),
    "Sealed": ("open",),
}
MEMBERS = {
    "Gap": ("EMPTY", "SILENT"),
    "Protection": ("NAME_AND_ADDRESS",),
    "Status": (
        *("RESIDENT", "RESIDENT_ADMINISTRATIVE", "GREENLAND", "GREENLAND_ADMINISTRATIVE", "NO_RESIDENCE", "ANNULLED"),
        *("DUPLICATE", "CHANGED", "DISAPPEARED", "EMIGRATED", "DEAD"),
    ),
}
ERRORS = {
    name
    for name in cprsync.__all__
    if isinstance(getattr(cprsync, name), type) and issubclass(getattr(cprsync, name), Exception)
}


@pytest.mark.parametrize("name", STAYS)
def test_a_public_value_keeps_its_fields_in_their_order(name: str) -> None:
    public = getattr(cprsync, name)
    if dataclasses.is_dataclass(public):
        there = tuple(field.name for field in dataclasses.fields(public))
    else:
        there = tuple(inspect.signature(public).parameters)
    assert there[: len(STAYS[name])] == STAYS[name]


@pytest.mark.parametrize("name", METHODS)
def test_a_public_class_keeps_its_methods(name: str) -> None:
    assert set(METHODS[name]) <= set(dir(getattr(cprsync, name)))


@pytest.mark.parametrize("name", MEMBERS)
def test_a_public_enumeration_keeps_its_members(name: str) -> None:
    assert set(MEMBERS[name]) <= {member.name for member in getattr(cprsync, name)}


def test_every_public_name_is_under_the_promise() -> None:
    promised = {*STAYS, *METHODS, *MEMBERS, *ERRORS, "EMPTY", "SILENT", "Opening", "SealedAddress"}
    assert promised == set(cprsync.__all__)


def test_the_types_name_what_can_be_imported() -> None:
    stub = ast.parse((PACKAGE / "__init__.pyi").read_text(encoding="utf-8"))
    typed = {
        alias.asname: f"{node.module}.{alias.name}"
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert set(typed) == set(cprsync.__all__)
    for name, home in typed.items():
        module, _, attribute = home.rpartition(".")
        __import__(module)
        assert getattr(cprsync, name) is getattr(sys.modules[module], attribute)


def test_a_name_that_is_not_public_is_refused() -> None:
    with pytest.raises(AttributeError, match="SoapRegister"):
        _ = cprsync.SoapRegister  # type: ignore[attr-defined]  # what the test is about
    assert "Register" in dir(cprsync)


def test_importing_the_package_loads_nothing_of_it(tmp_path: Path) -> None:
    code = "import cprsync, sys; print(sorted(name for name in sys.modules if name.startswith('cprsync.')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert told.stdout.strip() == "[]"

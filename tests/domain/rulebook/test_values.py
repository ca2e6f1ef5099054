"""The domain's values: none changes under the hand of whoever holds it, and none about a person prints her."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from typing import Any

import pytest

from cprsync import domain

#: Nothing of a person stands in them. A new one is put here by whoever has looked.
PRINTED = {
    *("Unchanged", "Parked", "AskRegister", "AsOf", "Due", "Excess", "CheckedAgainst", "Limit", "Policy"),
    *("Answering", "MinorNews", "RowShape", "Troubled", "PartingRow", "CardsProgress"),
    *("Facts", "BackupPart", "Manifest", "CopyDifference"),
    *("Metric", "Sample", "DeskCounts"),
    *("AlarmRule", "Manner", "Alarm", "LookedAt", "Telling", "Weighed"),
    *("AgeGroup", "Ladder", "Ladders", "Header", "Link", "Municipality", "Municipalities"),
    *(
        "PatronGroup",
        "Band",
        "Bands",
        "ShownBand",
        "Tariff",
        "FeeRules",
        "LetterRules",
        "RetentionDays",
        "Field",
        "FieldKind",
    ),
    *("KeptBeside", "Paragraph", "PageSection", "Ties", "Unsettled", "Product", "Products", "RightRow"),
    *(
        "ResidenceRule",
        "ProtectionRule",
        "StatusRule",
        "ReviewKind",
        "Column",
        "RuleTable",
        "WrittenTable",
        "Reasons",
        "Wording",
        "Principle",
    ),
    *("Caps", "Lock", "AskingQuota", "PinCeilings", "RoleRule", "ClaimRules", "ReceivedDelivery", "DeliveryDay"),
    *("Target", "KohaRules", "Cursor"),
    # a name in them is that of staff
    "GivenYes",
    *("Window", "WaitingPatron", "SystemUser", "Likeness", "WarningRow", "DeskWarning", "Preview", "Confirmation"),
}
MODULES = [
    importlib.import_module(module.name) for module in pkgutil.walk_packages(domain.__path__, f"{domain.__name__}.")
]
VALUES: list[Any] = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__module__ == module.__name__
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_a_value_prints_its_fields_only_if_nothing_of_a_person_stands_in_them(value: Any) -> None:
    """Trust: personal data stands in no log, error or repr."""
    assert value.__dataclass_params__.repr is (value.__name__ in PRINTED)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_a_value_is_made_once_and_not_altered(value: Any) -> None:
    assert value.__dataclass_params__.frozen


def test_the_list_of_what_is_printed_names_nothing_that_is_gone() -> None:
    assert {value.__name__ for value in VALUES} >= PRINTED

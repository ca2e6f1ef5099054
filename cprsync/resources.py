"""Finds the files that come with the package: schemas, fixtures, guide, rule tables, and certificates' profile.

Compiles the schemas, so that the program starts only if messages can be checked. Knows no message, and reads nothing
else: the caller knows what a file means. Each function raises ConfigurationError if the installation lacks a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cprsync.errors import ConfigurationError

if TYPE_CHECKING:
    from lxml import etree

_PACKAGE = Path(__file__).resolve().parent
# An installed wheel has the folders under `_data`; a checkout and an editable install have them beside the package.
# The guide and the rule tables are always in it.
_ROOTS = (_PACKAGE / "_data", _PACKAGE, _PACKAGE.parent)
#: The guide's pages.
GUIDE = (
    "operator",
    "desk",
    "systems",
    "reference",
    "librarian",
    "policy",
    "developer",
    "integrator",
    "mock",
    "rules",
    "words",
)
LOOKUP_SCHEMA = "PersonBaseDataExtended5.xsd"
SUBSCRIPTION_SCHEMA = "CprSubscription1.xsd"
NET_MEDIA_SCHEMA = "CulrWebService1.xsd"


def schema_path(name: str) -> Path:
    """The path of a packaged WSDL, XSD or table of the register's contract."""
    return _packaged("schemas", name)


def fixture_path(name: str) -> Path:
    """The path of a packaged file of invented people, nights or policies."""
    return _packaged("fixtures", name)


def certs_path(name: str) -> Path:
    """The path of a packaged file about certificates. None of them is a key."""
    return _packaged("certs", name)


def rulebook_path(name: str) -> Path:
    """The path of a packaged rule table."""
    return _packaged("rulebook", name)


def guide_paths() -> dict[str, Path]:
    """The guide's pages by topic, in reading order."""
    return {topic: _packaged("guide", f"{topic}.md") for topic in GUIDE}


def monitoring_path(name: str) -> Path:
    """A file for a monitoring system: alert rules for Prometheus, or a dashboard for Grafana."""
    return _packaged("guide", name)


def _packaged(folder: str, name: str) -> Path:
    for root in _ROOTS:
        path = root / folder / name
        if path.is_file():
            return path
    raise ConfigurationError(
        "the packaged file {folder}/{name} is missing: install cprsync again",
        folder=folder,
        name=name,
        kind="resources",
    )


@dataclass(frozen=True, slots=True)
class Schemas:
    """The compiled schemas of the SOAP services, for requests and answers."""

    lookup: etree.XMLSchema
    subscription: etree.XMLSchema
    net_media: etree.XMLSchema


def compile_schemas() -> Schemas:
    """Compile all packaged schemas. Raises as `compile_schema`."""
    return Schemas(
        lookup=compile_schema(LOOKUP_SCHEMA),
        subscription=compile_schema(SUBSCRIPTION_SCHEMA),
        net_media=compile_schema(NET_MEDIA_SCHEMA),
    )


def compile_schema(name: str) -> etree.XMLSchema:
    """Compile one packaged schema with everything that it includes and imports.

    Raises:
        ConfigurationError: kind `schemas`; the file is missing or does not compile, and the error names it.
    """
    from lxml import etree

    try:
        parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False)
        return etree.XMLSchema(etree.parse(schema_path(name), parser))
    except (ConfigurationError, OSError, etree.LxmlError) as error:
        raise ConfigurationError(
            "the packaged schema {name} does not compile: install cprsync again", name=name, kind="schemas"
        ) from error

"""Compiles the packaged schemas, so that the program starts only if messages can be checked.

Knows no message: the register's client and the mock each build and read their own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from cprsync.errors import ConfigurationError
from cprsync.resources import schema_path

LOOKUP_SCHEMA = "PersonBaseDataExtended5.xsd"
SUBSCRIPTION_SCHEMA = "CprSubscription1.xsd"
NET_MEDIA_SCHEMA = "CulrWebService1.xsd"


@dataclass(frozen=True, slots=True)
class Schemas:
    """The compiled schemas of the SOAP services, for requests and answers."""

    lookup: etree.XMLSchema
    subscription: etree.XMLSchema
    net_media: etree.XMLSchema


def compile_schemas() -> Schemas:
    """Compile the packaged schemas. Reads only packaged files.

    Raises:
        ConfigurationError: kind `schemas`; a file is missing or does not compile, and the error names it.
    """
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
    with _name_in_error(name):
        return _compile(schema_path(name))


def _compile(path: Path) -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False, huge_tree=False)
    return etree.XMLSchema(etree.parse(path, parser))


@contextmanager
def _name_in_error(name: str) -> Iterator[None]:
    try:
        yield
    except (ConfigurationError, OSError, etree.LxmlError) as error:
        raise ConfigurationError(
            "the packaged schema {name} does not compile: install cprsync again", name=name, kind="schemas"
        ) from error

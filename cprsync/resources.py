"""Finds the files that come with the package: schemas, fixtures, guide, rule tables, and certificates' profile.

Finds paths and reads nothing: the caller knows what a file means.
"""

from pathlib import Path

from cprsync.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parent
# An installed wheel has the folders under `_data`; a checkout and an editable install have them beside the package.
# The guide and the rule tables are always in it.
_ROOTS = (_PACKAGE / "_data", _PACKAGE, _PACKAGE.parent)
#: The guide's pages.
GUIDE = ("operator", "librarian", "developer", "mock", "rules", "words")


def schema_path(name: str) -> Path:
    """Return the path of a packaged WSDL, XSD or table of the register's contract.

    Raises:
        ConfigurationError: the installation does not have it.
    """
    return _packaged("schemas", name)


def fixture_path(name: str) -> Path:
    """Return the path of a packaged file of invented people, nights or policies.

    Raises:
        ConfigurationError: the installation does not have it.
    """
    return _packaged("fixtures", name)


def certs_path(name: str) -> Path:
    """Return the path of a packaged file about certificates. None of them is a key.

    Raises:
        ConfigurationError: the installation does not have it.
    """
    return _packaged("certs", name)


def rulebook_path(name: str) -> Path:
    """Return the path of a packaged rule table.

    Raises:
        ConfigurationError: the installation does not have it.
    """
    return _packaged("rulebook", name)


def guide_paths() -> dict[str, Path]:
    """Return the guide's pages by topic, in reading order.

    Raises:
        ConfigurationError: the installation lacks a page.
    """
    return {topic: _packaged("guide", f"{topic}.md") for topic in GUIDE}


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

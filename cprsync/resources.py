"""Find the files that travel with the package: schemas, fixtures and the profile of the development certificates.

Finds paths and reads nothing: what a file means is known by whoever asks for it.
"""

from pathlib import Path

from cprsync.errors import ConfigurationError

_PACKAGE = Path(__file__).resolve().parent
# An installed wheel carries the folders under `_data`; a checkout and an editable install have them beside the package.
_ROOTS = (_PACKAGE / "_data", _PACKAGE.parent)


def schema_path(name: str) -> Path:
    """Return the path of a packaged WSDL, XSD or table of the register's contract.

    Raises:
        ConfigurationError: the installation does not hold it.
    """
    return _packaged("schemas", name)


def fixture_path(name: str) -> Path:
    """Return the path of a packaged file of invented people, nights or policies.

    Raises:
        ConfigurationError: the installation does not hold it.
    """
    return _packaged("fixtures", name)


def certs_path(name: str) -> Path:
    """Return the path of a packaged file about certificates; none of them is a key.

    Raises:
        ConfigurationError: the installation does not hold it.
    """
    return _packaged("certs", name)


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

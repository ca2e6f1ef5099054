"""A start goes on only with the packaged schemas compiled."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cprsync import resources
from cprsync.errors import ConfigurationError
from cprsync.resources import certs_path, schema_path


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The package as a wheel lays it out, with files that a test may damage."""
    package = tmp_path / "cprsync"
    shutil.copytree(schema_path("CprNumber1.xsd").parent, package / "_data" / "schemas")
    for module in ("__init__.py", "errors.py", "resources.py"):
        shutil.copy(Path(resources.__file__).with_name(module), package)
    return package


def start(package: Path) -> str:
    """Compile the schemas in a program of its own; return what it refuses with, or nothing."""
    program = (
        "from cprsync.errors import ConfigurationError\n"
        "from cprsync.resources import compile_schemas\n"
        "try: compile_schemas()\n"
        "except ConfigurationError as error: print(error.kind, error.message)"
    )
    # -I leaves the checkout out of the path
    started = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(package.parent)!r})\n{program}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return started.stdout


def test_an_installed_package_starts_with_its_own_files(installed: Path) -> None:
    assert start(installed) == ""


@pytest.mark.parametrize("name", ["PersonBaseDataExtended5.xsd", "CprSubscription1.xsd"])
@pytest.mark.parametrize(
    "content",
    [None, "", "<a/>", '<!DOCTYPE a SYSTEM "http://register.invalid/a"><a/>'],
    ids=["gone", "empty", "xml", "dtd"],
)
def test_a_start_without_a_whole_schema_is_refused_by_name(installed: Path, name: str, content: str | None) -> None:
    damaged = installed / "_data" / "schemas" / name
    damaged.unlink()
    if content is not None:
        damaged.write_text(content, encoding="utf-8")
    assert start(installed).startswith(f"schemas the packaged schema {name} ")


def test_a_schema_without_its_import_is_refused(installed: Path) -> None:
    """The published schema of version 5 uses a type it does not import: validation must not be off without a word."""
    (installed / "_data" / "schemas" / "CprNumber1.xsd").unlink()
    assert start(installed).startswith("schemas the packaged schema PersonBaseDataExtended5.xsd ")


def test_a_file_that_is_not_packaged_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"certs/client\.key"):
        certs_path("client.key")

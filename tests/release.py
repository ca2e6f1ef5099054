"""Build what a release hands out: the wheel, what is in it and beside it (SBOM), and the sums of both.

    python tests/release.py [--into dist] [--commit HEAD]

The wheel is built twice, from two copies of the commit in folders of other names and with other permissions. The two
must be equal, byte for byte. The SBOM is CycloneDX 1.6 and names each distribution of `requirements.lock` with its
hashes. Nothing in it depends on the machine or the day, so that anybody can make the same from the same commit.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import DisjunctiveLicense
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
#: The longest time that one build of the wheel may take.
BUILD_SECONDS = 120


def read_lock(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Name, version and sha256 sums of each pinned distribution."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text):
        pin = _PIN.match(entry)
        if pin is not None:
            yield pin[1], pin[2], _HASH.findall(entry)


def describe(project: dict[str, object], lock: str, *, made: datetime) -> str:
    """The SBOM as JSON: the project, and each distribution that it runs with."""
    name, version, licence = (str(project[key]) for key in ("name", "version", "license"))
    whole = Component(
        type=ComponentType.APPLICATION,
        name=name,
        version=version,
        licenses=[DisjunctiveLicense(id=licence)],
        purl=PackageURL("pypi", None, name, version),
        bom_ref=f"{name}=={version}",
    )
    bom = Bom(
        serial_number=uuid5(NAMESPACE_URL, hashlib.sha256(f"{name} {version}\n{lock}".encode()).hexdigest()),
        components=[_component(*each) for each in read_lock(lock)],
    )
    bom.metadata.component = whole
    bom.metadata.timestamp = made
    bom.register_dependency(whole, bom.components)
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2) + "\n"


def _component(name: str, version: str, sums: list[str]) -> Component:
    return Component(
        type=ComponentType.LIBRARY,
        name=name,
        version=version,
        purl=PackageURL("pypi", None, name.lower().replace("_", "-"), version),
        bom_ref=f"{name}=={version}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in sorted(sums)],
    )


def build_twice(archive: bytes, *, epoch: int) -> tuple[str, bytes]:
    """The wheel's name and content. Raises SystemExit if two builds differ."""
    with tempfile.TemporaryDirectory(prefix="one-") as one, tempfile.TemporaryDirectory(prefix="another-") as other:
        built = [
            _build(archive, Path(folder), umask=umask, epoch=epoch) for folder, umask in ((one, 0o022), (other, 0o077))
        ]
    if built[0] != built[1]:
        raise SystemExit("two builds of the same commit differ: nothing was written")
    return built[0]


def _build(archive: bytes, folder: Path, *, umask: int, epoch: int) -> tuple[str, bytes]:
    with tarfile.open(fileobj=BytesIO(archive)) as packed:
        packed.extractall(folder / "src", filter="data")
    for path in (folder / "src").rglob("*"):
        path.chmod(path.stat().st_mode & ~umask)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--disable-pip-version-check"]
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(folder / "out"), str(folder / "src")],
        env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)},
        umask=umask,
        timeout=BUILD_SECONDS,
        check=True,
    )
    (wheel,) = (folder / "out").iterdir()
    return wheel.name, wheel.read_bytes()


def git(*command: str) -> bytes:
    return subprocess.run(["git", *command], cwd=ROOT, capture_output=True, timeout=60, check=True).stdout


def release(into: Path, commit: str) -> list[Path]:
    """Write the three files, each whole, and return their paths."""
    epoch = int(git("show", "--no-patch", "--format=%ct", commit))
    archive = git("archive", "--format=tar", commit)
    with tarfile.open(fileobj=BytesIO(archive)) as packed:
        project, lock = (packed.extractfile(name) for name in ("pyproject.toml", "requirements.lock"))
        assert project is not None
        assert lock is not None
        described = tomllib.loads(project.read().decode())["project"]
        text = describe(described, lock.read().decode(), made=datetime.fromtimestamp(epoch, UTC))
    name, wheel = build_twice(archive, epoch=epoch)
    files = {name: wheel, f"{described['name']}-{described['version']}.cdx.json": text.encode()}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {each}\n" for each, content in files.items())
    into.mkdir(exist_ok=True)
    for each, content in {**files, "SHA256SUMS": sums.encode()}.items():
        (into / each).write_bytes(content)
    return [into / each for each in (*files, "SHA256SUMS")]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--into", type=Path, default=ROOT / "dist", metavar="FOLDER")
    parser.add_argument("--commit", default="HEAD")
    asked = parser.parse_args()
    for path in release(asked.into, asked.commit):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

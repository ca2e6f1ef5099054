"""What file names mean where deliveries arrive, and what a companion announces. The same for a folder and SFTP.

Does no I/O: the caller passes the names and the companion's first bytes.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from lxml import etree

#: What is done with a file after it is sealed in the inbox.
After: TypeAlias = Literal["keep", "delete"]

METADATA = ".metadata"
METADATA_LIMIT_BYTES = 64 * 1024
# D and the day, L and the task; the platform may add more. Letter case varies. Only printable characters are allowed.
_DELIVERY = re.compile(r"D[0-9]{6}\.L[0-9]{6}[!-.0-~]{0,200}", re.IGNORECASE | re.ASCII)
#: Companions, which are no deliveries, and the endings that transfer programs use while they write a file.
_NO_DELIVERY = (METADATA, ".trigger", ".sftpreceipt")
_BEING_WRITTEN = (".part", ".filepart", ".tmp")


def is_delivery(name: str) -> bool:
    """Whether a file of this name is a delivery, complete or not."""
    return _DELIVERY.fullmatch(name) is not None and not name.lower().endswith(_NO_DELIVERY)


def is_being_written(name: str) -> bool:
    """Whether the name says that the file is being written."""
    return name.lower().endswith(_BEING_WRITTEN)


def companion_of(name: str) -> str:
    """The name of the companion file, which announces the size."""
    return name + METADATA


def in_order(name: str) -> tuple[str, str]:
    """The key that sorts deliveries by day, in any letter case."""
    return name.upper(), name


def find_announced(names: set[str]) -> set[str]:
    """Names of files with companions among `names`, whether the files exist or not."""
    return {name.removesuffix(METADATA) for name in names if name.endswith(METADATA)}


def parse_size(metadata: bytes) -> float:
    """Read the announced size in bytes. Infinite while the companion itself is incomplete."""
    if len(metadata) > METADATA_LIMIT_BYTES:
        return float("inf")
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(metadata, parser)
    except etree.XMLSyntaxError:
        return float("inf")
    texts = [str(size.text) for size in root.iter("{*}SizeInBytes")]
    return int(texts[0]) if len(texts) == 1 and re.fullmatch(r"[0-9]{1,15}", texts[0].strip()) else float("inf")

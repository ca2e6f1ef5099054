"""What names in a place of deliveries mean, and what a companion announces: the same for a folder and for SFTP.

Does no I/O: whoever lists the place hands over names and the companion's first bytes.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

from lxml import etree

#: What becomes of a file once it is sealed in the inbox.
After: TypeAlias = Literal["keep", "delete"]

METADATA = ".metadata"
METADATA_LIMIT_BYTES = 64 * 1024
# D, the day, L, the task; the platform may add to it. Letter case varies. Only what shows on a terminal as it is.
_DELIVERY = re.compile(r"D[0-9]{6}\.L[0-9]{6}[!-.0-~]{0,200}", re.IGNORECASE | re.ASCII)
#: Companions that are no deliveries, and what transfer programs call a file while they write it.
_NO_DELIVERY = (METADATA, ".trigger", ".sftpreceipt")
_BEING_WRITTEN = (".part", ".filepart", ".tmp")


def is_delivery(name: str) -> bool:
    """Whether a file of this name is a delivery, whole or not."""
    return _DELIVERY.fullmatch(name) is not None and not name.lower().endswith(_NO_DELIVERY)


def is_being_written(name: str) -> bool:
    """Whether the name itself says so."""
    return name.lower().endswith(_BEING_WRITTEN)


def companion_of(name: str) -> str:
    """The name of the file that announces another's size."""
    return name + METADATA


def in_order(name: str) -> tuple[str, str]:
    """The key that sorts deliveries: by day, whatever their letter case."""
    return name.upper(), name


def announced(names: set[str]) -> set[str]:
    """Names of files whose companions are among `names`, there or not yet."""
    return {name.removesuffix(METADATA) for name in names if name.endswith(METADATA)}


def parse_size(metadata: bytes) -> float:
    """Read the announced size in bytes; infinite while the companion itself is not whole."""
    if len(metadata) > METADATA_LIMIT_BYTES:
        return float("inf")
    parser = etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(metadata, parser)
    except etree.XMLSyntaxError:
        return float("inf")
    texts = [str(size.text) for size in root.iter("{*}SizeInBytes")]
    return int(texts[0]) if len(texts) == 1 and re.fullmatch(r"[0-9]{1,15}", texts[0].strip()) else float("inf")

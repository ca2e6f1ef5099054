"""Parses what a counterpart sends, under ceilings. Never fetches or expands anything.

Knows XML and the SOAP envelope, not what an operation means. No error quotes the answer.
"""

from __future__ import annotations

import codecs
import re
import threading
import zlib
from email.message import Message
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from lxml import etree

from cprsync.wire.errors import AnswerBroken, Unanswered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import requests

    from cprsync.wire.limits import AnswerLimits

    Element: TypeAlias = etree._Element  # noqa: SLF001 -- the stubs' name of the type
    _Event: TypeAlias = Literal["start", "end", "start-ns", "pi"]

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
BODY = f"{{{ENVELOPE}}}Body"
HEADER = f"{{{ENVELOPE}}}Header"
FAULT = f"{{{ENVELOPE}}}Fault"
#: The charsets in which `<!DOCTYPE` is always these nine bytes. UTF-16 is refused, although XML 1.0 requires every
#: parser to know it: the platform sends UTF-8, and UTF-16 could hide a document type.
CHARSETS = {"utf-8": "utf-8", "utf8": "utf-8", "us-ascii": "utf-8", "iso-8859-1": "iso-8859-1", "latin-1": "iso-8859-1"}
_DECLARED = re.compile(rb"^(?:\xef\xbb\xbf)?\s*<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_DOCTYPE = b"<!DOCTYPE"
#: How UTF-16 and UTF-32 begin. Without such a mark, every second byte of their first characters is zero.
_WIDE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_WIDE_HEAD = 4
_MUST_UNDERSTAND = f"{{{ENVELOPE}}}mustUnderstand"
#: The most bytes that an XML declaration has.
_HEAD = 256
_INFLATE_STEP = 64 * 1024
_CHUNK = 64 * 1024


def _too_large(what: str) -> AnswerBroken:
    return AnswerBroken("the answer is too large: {what}", what=what, kind="oversized")


def _not_xml() -> AnswerBroken:
    return AnswerBroken("the answer is not well-formed XML, or is cut short", kind="not_xml")


def _foreign_charset() -> AnswerBroken:
    return AnswerBroken("the answer is in a charset that is not taken", kind="charset")


def inflate(chunks: Iterable[bytes], *, encoding: str, max_bytes: int) -> Iterator[bytes]:
    """Yield the answer's bytes, unzipped if they are zipped. The ceiling holds before and after unzipping.

    Raises AnswerBroken: too large, an encoding that was not asked for, or damaged.
    """
    if encoding not in {"", "identity", "gzip", "x-gzip"}:
        raise AnswerBroken("the answer is packed in a way that was not asked for", kind="encoding")
    sent = _limit_bytes(chunks, max_bytes)
    return _limit_bytes(_unzip(sent), max_bytes) if encoding.endswith("gzip") else sent


def _limit_bytes(chunks: Iterable[bytes], max_bytes: int) -> Iterator[bytes]:
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen > max_bytes:
            raise _too_large(f"more than {max_bytes} bytes")
        yield chunk


def _unzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    unzip = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        for chunk in chunks:
            rest = chunk
            if rest and unzip.eof:
                raise _not_xml()
            while rest and not unzip.eof:
                # In steps, so that a zip bomb stops at the ceiling and does not fill the memory.
                yield unzip.decompress(rest, _INFLATE_STEP)
                rest = unzip.unconsumed_tail or unzip.unused_data
            if rest:
                # a second packing, or hidden content after the first
                raise _not_xml()
    except zlib.error:
        raise AnswerBroken("the answer's packing is damaged", kind="not_xml") from None
    if not unzip.eof:
        raise _not_xml()


class AnswerParser:
    """Parses an answer as it comes in. Yields (event, element) pairs and counts against the ceilings."""

    def __init__(self, limits: AnswerLimits, *, header_charset: str | None) -> None:
        self._limits = limits
        self._header_charset = header_charset
        self._head = b""
        self._tail = b""
        self._parser: etree.XMLPullParser | None = None
        self._elements = 0
        self._namespaces = 0
        self._depth = 0

    def events(self, chunks: Iterable[bytes]) -> Iterator[tuple[str, etree._Element]]:
        """Parse to the end. Raises AnswerBroken."""
        try:
            for chunk in chunks:
                self._feed(chunk)
                yield from self._count_events()
            self._end()
            yield from self._count_events()
        except etree.XMLSyntaxError:
            # from None: libxml2 quotes the document.
            raise _not_xml() from None

    def root(self, chunks: Iterable[bytes]) -> etree._Element:
        """Parse the whole answer and keep it. Raises AnswerBroken."""
        root = None
        for _, element in self.events(chunks):
            root = element
        if root is None:
            raise _not_xml()
        return root.getroottree().getroot()

    def _feed(self, chunk: bytes) -> None:
        window = self._tail + chunk
        if _DOCTYPE in window:
            raise AnswerBroken("the answer declares a document type", kind="doctype")
        self._tail = window[1 - len(_DOCTYPE) :]
        if self._parser is not None:
            self._parser.feed(chunk)
            return
        self._head += chunk
        if len(self._head) >= _HEAD:
            self._parser = self._begin()

    def _begin(self) -> etree.XMLPullParser:
        parser = etree.XMLPullParser(
            events=("start", "end", "start-ns", "pi"),
            encoding=self._charset(self._head),
            resolve_entities=False,
            load_dtd=False,
            no_network=True,
            huge_tree=False,
            remove_comments=True,
            # kept, so that a processing instruction is seen and refused
            remove_pis=False,
        )
        parser.feed(self._head)
        return parser

    def _end(self) -> None:
        if self._parser is None and not self._head.strip():
            # a gateway with nobody behind it: nothing has answered
            raise Unanswered("the answer is empty", kind="empty_body")
        self._parser = self._parser or self._begin()
        self._parser.close()

    def _charset(self, head: bytes) -> str:
        if head.startswith(_WIDE_MARKS) or b"\0" in head[:_WIDE_HEAD]:
            raise _foreign_charset()
        declared = _DECLARED.match(head)
        names = [declared[1].decode("ascii")] if declared else []
        names += [self._header_charset] if self._header_charset else []
        if any(name.lower() not in CHARSETS for name in names):
            raise _foreign_charset()
        # The document's own declaration takes precedence: gateways send a default in the header.
        return CHARSETS[names[0].lower()] if names else "utf-8"

    def _count_events(self) -> Iterator[tuple[str, etree._Element]]:
        if self._parser is None:
            return
        events = cast("Iterator[tuple[_Event, Element]]", self._parser.read_events())
        for event, element in events:
            if event == "start-ns":
                self._count_namespace()
                continue
            if event == "pi":
                # "A SOAP message MUST NOT contain Processing Instructions" (SOAP 1.1, 3), nor a document type
                raise AnswerBroken("the answer holds a processing instruction", kind="instruction")
            if event == "start":
                self._count(element)
            else:
                self._depth -= 1
            yield event, element

    def _count_namespace(self) -> None:
        # All namespaces are searched for each element: thousands of them cost seconds.
        self._namespaces += 1
        if self._namespaces > self._limits.max_namespaces:
            raise _too_large(f"more than {self._limits.max_namespaces} namespaces")

    def _count(self, element: etree._Element) -> None:
        self._elements += 1
        self._depth += 1
        if self._elements > self._limits.max_elements:
            raise _too_large(f"more than {self._limits.max_elements} elements")
        if self._depth > self._limits.max_depth:
            raise _too_large(f"elements deeper than {self._limits.max_depth}")
        if len(element.attrib) > self._limits.max_attributes:
            raise _too_large(f"more than {self._limits.max_attributes} attributes")


# -- an HTTP answer -------------------------------------------------------------------------------------------


def root_of(response: requests.Response, limits: AnswerLimits) -> etree._Element:
    """Parse the whole answer and keep it. Raises AnswerBroken, or Unanswered if it is no HTTP."""
    return _parser(response, limits).root(read_chunks(response, limits))


def events_of(response: requests.Response, limits: AnswerLimits) -> Iterator[tuple[str, etree._Element]]:
    """Parse the answer as it comes. Raises as `root_of` does."""
    return _parser(response, limits).events(read_chunks(response, limits))


def read_chunks(response: requests.Response, limits: AnswerLimits) -> Iterator[bytes]:
    """Read the answer as it comes, inflated. Raises AnswerBroken: it is too large. Raises Unanswered: it is no HTTP."""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    return inflate(_raw_chunks(response), encoding=encoding, max_bytes=limits.max_bytes)


def _raw_chunks(response: requests.Response) -> Iterator[bytes]:
    try:
        yield from response.raw.stream(_CHUNK, decode_content=False)
    except ValueError as error:
        # urllib3 tries to read a chunk of negative length.
        raise Unanswered("the answer is no HTTP", kind="cut") from error


def _parser(response: requests.Response, limits: AnswerLimits) -> AnswerParser:
    header = Message()
    header["Content-Type"] = response.headers.get("Content-Type", "text/xml")
    charset = header.get_param("charset")
    # A tuple means the notation of RFC 2231, which no service needs: refused like any unknown charset.
    return AnswerParser(limits, header_charset="?" if isinstance(charset, tuple) else charset)


# -- the envelope --------------------------------------------------------------------------------------------


def payload(root: etree._Element) -> etree._Element:
    """Return the one element in the envelope's one body. Raises AnswerBroken."""
    parts = [part.tag for part in root]
    if root.tag != f"{{{ENVELOPE}}}Envelope" or parts not in ([BODY], [HEADER, BODY]):
        raise not_soap()
    for block in root[0] if parts[0] == HEADER else ():
        refuse_mandatory_header(block)
    body = root[-1]
    if len(body) != 1:
        raise AnswerBroken("the answer's body does not hold one element", kind="body")
    if any((text or "").strip() for text in (root.text, body.text, body.tail, body[0].tail)):
        raise not_soap()
    return body[0]


def not_soap() -> AnswerBroken:
    """Build the refusal of an answer that is no envelope, or more than one."""
    return AnswerBroken("the answer is no SOAP envelope", kind="not_soap")


def refuse_mandatory_header(block: etree._Element) -> None:
    """Refuse a header block that must be understood: we know none (SOAP 1.1, 4.2.3). Raises AnswerBroken."""
    if block.get(_MUST_UNDERSTAND, "0").strip() not in {"0", "false"}:
        raise AnswerBroken("the answer requires something that we do not know", kind="must_understand")


class Contract:
    """A compiled schema that many threads may use."""

    def __init__(self, schema: etree.XMLSchema) -> None:
        self._schema = schema
        # The list of errors belongs to the schema object, not to the call.
        self._lock = threading.Lock()

    def breach(self, element: etree._Element) -> str | None:
        """Name the rule that an element breaks and the place, without a value. None: it breaks none."""
        with self._lock:
            if self._schema.validate(element):
                return None
            # Only the rule and the path: libxml2's message quotes the value.
            entry = cast("Any", self._schema.error_log)[0]
            return f"{entry.type_name} at {entry.path}"

"""Reads the XML of an HTTP answer as it comes in, unzipped if zipped, under the operation's ceilings."""

from __future__ import annotations

from email.message import Message
from typing import TYPE_CHECKING

from cprsync.errors import RegisterUnavailable
from cprsync.wire.parsing import AnswerParser, inflated

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests
    from lxml import etree

    from cprsync.wire.limits import AnswerLimits

_CHUNK = 64 * 1024


def root_of(response: requests.Response, limits: AnswerLimits) -> etree._Element:
    """Parse the whole answer and keep it. Raises BadAnswer, or RegisterUnavailable if it is no HTTP."""
    return _parser(response, limits).root(_chunks(response, limits))


def events_of(response: requests.Response, limits: AnswerLimits) -> Iterator[tuple[str, etree._Element]]:
    """Parse the answer as it comes. Raises as `root_of` does."""
    return _parser(response, limits).events(_chunks(response, limits))


def _chunks(response: requests.Response, limits: AnswerLimits) -> Iterator[bytes]:
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    return inflated(_sent(response), encoding=encoding, max_bytes=limits.max_bytes)


def _sent(response: requests.Response) -> Iterator[bytes]:
    try:
        yield from response.raw.stream(_CHUNK, decode_content=False)
    except ValueError as error:
        # urllib3 tries to read a chunk of negative length.
        raise RegisterUnavailable("the register's answer is no HTTP", kind="register.cut") from error


def _parser(response: requests.Response, limits: AnswerLimits) -> AnswerParser:
    header = Message()
    header["Content-Type"] = response.headers.get("Content-Type", "text/xml")
    charset = header.get_param("charset")
    # A tuple means the notation of RFC 2231, which no service needs: refused like any unknown charset.
    return AnswerParser(limits, header_charset="?" if isinstance(charset, tuple) else charset)

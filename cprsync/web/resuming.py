"""Goes on where a browser was when nobody was signed in: the page that it asked for, or the form that it sent.

A form is never sent by itself: its page is shown again, filled in, for a new yes. Codes and CPR numbers are not filled
in, because no page of ours shows them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from lxml import html

from cprsync.domain.person.number import holds_number
from cprsync.language.words import desk_word
from cprsync.web.memory.unsent import UNSENT_SECONDS, Unsent
from cprsync.web.visit import leads_to_us

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response

    from cprsync.catalogues import Language
    from cprsync.web.memory.sessions import Session

#: What follows a cookie's name in the one that says where the browser goes on.
ONWARD: Final = "-onward"
#: The longest address of a page that is gone on with, in signs.
_ADDRESS_MAX: Final = 500
#: Inputs that are left as the page has them, and those that no page fills in.
_LEFT: Final = frozenset({"hidden", "submit", "button", "image", "reset", "file"})
_CHOSEN: Final = frozenset({"checkbox", "radio"})
#: What each form of ours carries, which is another one's by now.
_CARRIED: Final = "form_token"


def address_of(request: Request) -> str:
    """The path of the page that is asked for, with its query."""
    return _address(request.url.path, request.url.query)


def own_address(text: str) -> str | None:
    """The address of a page of ours. None: it is none."""
    if len(text) > _ADDRESS_MAX or not text.isascii() or not leads_to_us(text):
        return None
    parts = urlsplit(text)
    return _address(parts.path, parts.query)


def _address(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


def read_unsent(request: Request, form: dict[str, list[str]], ended: Session) -> Unsent | None:
    """The form of a session that has ended. None: nobody knows on which page of ours it stood."""
    stood = urlsplit(request.headers.get("referer", ""))
    page = own_address(_address(stood.path, stood.query))
    if page is None or stood.netloc != request.url.netloc:
        return None
    typed = {name: texts for name, texts in form.items() if name != _CARRIED}
    action = request.url.path
    return Unsent(ended.user, ended.is_of_provider, ended.form_token, page, action, typed)


def keep_onward(response: Response, cookie: str, value: str, *, secure: bool) -> None:
    """Let the browser carry where it goes on: the path of a page of ours, or the key of a form."""
    # lax: the browser comes back from an identity provider by a link, with which it sends no strict cookie
    response.set_cookie(cookie, value, max_age=UNSENT_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")


def drop_onward(response: Response, cookie: str, *, secure: bool) -> None:
    """Let the browser forget where it goes on."""
    response.delete_cookie(cookie, path="/", secure=secure, httponly=True, samesite="lax")


def fill_in(response: Response, unsent: Unsent, language: Language) -> None:
    """Fill a form into the page on which it stands, and say first that it was not sent."""
    page = html.document_fromstring(bytes(response.body).decode())
    filling = _Filling(unsent)
    form = filling.find(page)
    if form is None:
        said = desk_word("unsent_lost", language)
    else:
        filling.fill(form)
        said = desk_word("unsent_again" if filling.has_left_out else "unsent_shown", language)
    _say_first(page, form, said, desk_word("unsent_onward", language))
    body = html.tostring(page, encoding="unicode", doctype="<!doctype html>").encode()
    response.body = body
    response.headers["content-length"] = str(len(body))


def _say_first(page: html.HtmlElement, form: html.HtmlElement | None, said: str, onward: str) -> None:
    """Put a sentence before everything else on the page, with a way to the form. It is read first."""
    for element in page.xpath("//*[@autofocus]"):
        del element.attrib["autofocus"]
    told = html.Element("div", {"class": "said attention", "role": "alert", "tabindex": "-1", "autofocus": ""})
    told.text = f"{said} "
    if form is not None:
        form.set("id", form.get("id") or "unsent")
        link = html.Element("a", href=f"#{form.get('id')}")
        link.text = onward
        told.append(link)
        for around in form.iterancestors("details"):
            around.set("open", "")
    main = page.find(".//main")
    (page.body if main is None else main).insert(0, told)


@dataclass(slots=True)
class _Filling:
    """Fills one form in."""

    unsent: Unsent
    #: a code or a CPR number has to be typed again
    has_left_out: bool = False

    def find(self, page: html.HtmlElement) -> html.HtmlElement | None:
        """The form that was sent: of those that are sent there, the one whose hidden fields agree best."""
        found = [one for one in page.iter("form") if self.unsent.action in _actions_of(one)]
        return max(found, key=self._likeness, default=None)

    def _likeness(self, form: html.HtmlElement) -> tuple[int, int]:
        fields = list(_fields_of(form))
        hidden = [one for one in fields if one.get("type") == "hidden" and one.get("name") != _CARRIED]
        same = sum(one.get("value", "") in self.unsent.typed.get(one.get("name"), ()) for one in hidden)
        return same - (len(hidden) - same), sum(one.get("name") in self.unsent.typed for one in fields)

    def fill(self, form: html.HtmlElement) -> None:
        """Put what was typed into the fields."""
        waiting = {name: list(texts) for name, texts in self.unsent.typed.items()}
        for field in _fields_of(form):
            kind, texts = field.get("type", "text"), waiting.get(field.get("name"), [])
            if field.tag == "input" and kind in _CHOSEN:
                _set(field, "checked", field.get("value", "on") in texts)
            elif field.tag == "select":
                self._choose(field, texts)
            elif field.tag == "textarea" or kind not in _LEFT:
                self._type(field, texts.pop(0) if texts else "", is_code=kind == "password")

    def _type(self, field: html.HtmlElement, text: str, *, is_code: bool) -> None:
        if text and (is_code or holds_number(text)):
            self.has_left_out = True
        elif field.tag == "textarea":
            field.text = text
        else:
            field.set("value", text)

    @staticmethod
    def _choose(field: html.HtmlElement, texts: list[str]) -> None:
        options = list(field.iter("option"))
        if any(one.get("value", one.text_content()) in texts for one in options):
            for one in options:
                _set(one, "selected", one.get("value", one.text_content()) in texts)


def _actions_of(form: html.HtmlElement) -> Iterator[str | None]:
    """Where a form is sent, by each of its buttons."""
    yield form.get("action")
    for button in form.iter("button"):
        yield button.get("formaction")


def _fields_of(form: html.HtmlElement) -> Iterator[html.HtmlElement]:
    return (one for one in form.iter("input", "select", "textarea") if one.get("name"))


def _set(element: html.HtmlElement, name: str, is_so: bool) -> None:
    if is_so:
        element.set(name, "")
    else:
        element.attrib.pop(name, None)

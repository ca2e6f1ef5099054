"""Goes on where a browser was: on the page that it asked for, or with what was typed and not answered.

A form is never sent by itself: its page is shown again, filled in, for a new yes. Codes and CPR numbers are not filled
in, because no page of ours shows them again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlsplit

from lxml import html

from cprsync.domain.patron.fields import FIELDS
from cprsync.domain.person.number import holds_number
from cprsync.language.words import desk_word
from cprsync.web.memory.unsent import UNSENT_SECONDS, Because, TypedForm, Unsent
from cprsync.web.visit import FORM_FIELDS_MAX, is_typed, leads_to_us

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
#: The field in which a script lets a form carry the other forms of its page that are filled in.
ALONG: Final = "along"
#: The hidden fields that say what a form is for: one with another value is another form.
_IS_FOR: Final = frozenset({"field", "doing", "answer"})
#: The fields that hold a code, which is kept nowhere.
_CODES: Final = frozenset({"password", *(field.key for field in FIELDS if field.kind.hidden)})


def page_address_of(request: Request) -> str:
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


def page_of(request: Request) -> str | None:
    """The address of the page on which a form stood that was sent. None: nobody knows it."""
    stood = urlsplit(request.headers.get("referer", ""))
    return own_address(_address(stood.path, stood.query)) if stood.netloc == request.url.netloc else None


def read_unsent(request: Request, form: dict[str, list[str]], ended: Session) -> Unsent | None:
    """The form of a session that has ended. None: nobody knows on which page of ours it stood."""
    page = page_of(request)
    if page is None:
        return None
    typed = {name: texts for name, texts in form.items() if name not in {_CARRIED, ALONG}}
    forms = [TypedForm(request.url.path, typed), *read_along(form)]
    return Unsent(ended.user, ended.is_of_provider, ended.form_token, page, forms)


def read_along(form: Mapping[str, list[str]]) -> list[TypedForm]:
    """The other forms of the page that a form has carried along: each is where it is sent, with what is typed."""
    return [one for text in form.get(ALONG, ()) if (one := _read_carried(text)) is not None]


def _read_carried(text: str) -> TypedForm | None:
    action, _, query = text.partition("?")
    try:
        typed = parse_qs(query, keep_blank_values=True, max_num_fields=FORM_FIELDS_MAX, errors="strict")
    except ValueError:
        return None
    return without_codes(action, typed) if leads_to_us(action) and is_typed(typed) else None


def without_codes(action: str, typed: Mapping[str, list[str]]) -> TypedForm | None:
    """A form, as it may be kept. None: it sets a code."""
    if _CODES.intersection(typed.get("field", ())):
        return None
    return TypedForm(action, {name: texts for name, texts in typed.items() if name not in {_CARRIED, ALONG, *_CODES}})


def keep_onward(response: Response, cookie: str, value: str, *, secure: bool) -> None:
    """Let the browser carry where it goes on: the path of a page of ours, or the key of a form."""
    # lax: the browser comes back from an identity provider by a link, with which it sends no strict cookie
    response.set_cookie(cookie, value, max_age=UNSENT_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")


def drop_onward(response: Response, cookie: str, *, secure: bool) -> None:
    """Let the browser forget where it goes on."""
    response.delete_cookie(cookie, path="/", secure=secure, httponly=True, samesite="lax")


#: The words that say what became of what was typed, by why it was not answered: filled in; but for what no page
#: shows again; the form is no longer there.
_SAID: Final = {
    Because.SESSION: ("unsent_shown", "unsent_again", "unsent_lost"),
    Because.LANGUAGE: ("language_shown", "language_shown", "typed_lost"),
    Because.LANGUAGE_NEXT: ("language_next", "language_next", "typed_lost"),
    Because.OTHER_FORM: ("along_shown", "along_again", "typed_lost"),
}


def fill_in(response: Response, unsent: Unsent, language: Language, *, is_its_page: bool) -> bool:
    """Fill forms into the page on which they stand, and say that they were not sent.

    `is_its_page`: False: another page has to show one of the forms. Return False, and leave it, if it does not.
    """
    page = html.document_fromstring(bytes(response.body).decode())
    fillings = [(filling, filling.find(page)) for filling in map(_Filling, unsent.forms)]
    filled = [(filling, form) for filling, form in fillings if form is not None]
    if not filled and not is_its_page:
        return False
    for filling, form in filled:
        filling.fill(form)
    shown, again, lost = _SAID[unsent.because]
    said = lost if not filled else again if any(filling.has_left_out for filling, _ in filled) else shown
    _say(page, [form for _, form in filled], desk_word(said, language), unsent.because, language)
    body = html.tostring(page, encoding="unicode", doctype="<!doctype html>").encode()
    response.body = body
    response.headers["content-length"] = str(len(body))
    return True


def _say(
    page: html.HtmlElement, forms: list[html.HtmlElement], said: str, because: Because, language: Language
) -> None:
    """Say a sentence with a way to the first of the forms, which stand open.

    It stands before everything else and is read first, unless the page tells first what came of another form.
    """
    told = html.Element("div", {"class": "said attention", "role": "alert"})
    told.text = f"{said} "
    for form in forms:
        # a script carries it along again, with the next form that is sent
        form.set("data-typed", "")
        for around in form.iterancestors("details"):
            around.set("open", "")
    if forms:
        forms[0].set("id", forms[0].get("id") or "unsent")
        link = html.Element("a", href=f"#{forms[0].get('id')}")
        link.text = desk_word("unsent_onward", language)
        told.append(link)
    main = page.find(".//main")
    if because is not Because.OTHER_FORM:
        for element in page.xpath("//*[@autofocus]"):
            del element.attrib["autofocus"]
        told.attrib.update({"tabindex": "-1", "autofocus": ""})
    (page.body if main is None else main).insert(0, told)


@dataclass(slots=True)
class _Filling:
    """Fills one form in."""

    sent: TypedForm
    #: a code or a CPR number has to be typed again
    has_left_out: bool = False

    def find(self, page: html.HtmlElement) -> html.HtmlElement | None:
        """The form that was sent: of those that are sent there for the same, the one whose hidden fields agree best."""
        found = [one for one in page.iter("form") if self.sent.action in _actions_of(one) and self._is_for_it(one)]
        return max(found, key=self._likeness, default=None)

    def _is_for_it(self, form: html.HtmlElement) -> bool:
        hidden = [one for one in _hidden_of(form) if one.get("name") in _IS_FOR]
        return all(one.get("value", "") in self.sent.typed.get(one.get("name"), ()) for one in hidden)

    def _likeness(self, form: html.HtmlElement) -> tuple[int, int]:
        hidden = list(_hidden_of(form))
        same = sum(one.get("value", "") in self.sent.typed.get(one.get("name"), ()) for one in hidden)
        return same - (len(hidden) - same), sum(one.get("name") in self.sent.typed for one in _fields_of(form))

    def fill(self, form: html.HtmlElement) -> None:
        """Put what was typed into the fields."""
        waiting = {name: list(texts) for name, texts in self.sent.typed.items()}
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


def _hidden_of(form: html.HtmlElement) -> Iterator[html.HtmlElement]:
    return (one for one in _fields_of(form) if one.get("type") == "hidden" and one.get("name") != _CARRIED)


def _set(element: html.HtmlElement, name: str, is_so: bool) -> None:
    if is_so:
        element.set(name, "")
    else:
        element.attrib.pop(name, None)

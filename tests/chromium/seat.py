"""One person at one browser: types, presses keys, clicks, and reads. Every step waits for the page that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chromium.watching import Watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

#: A step of a person, and the page that follows it, take no longer.
STEP_SECONDS = 10
#: Nobody presses Tab more often than that to come to a field.
TABS_MOST = 25
PASSWORD = "correct horse battery"
#: A screen at the desk, and a telephone: width and height.
SCREEN, TELEPHONE = (1280, 900), (390, 844)


@dataclass
class Seat:
    """A person in front of one window."""

    page: Page
    url: str
    watch: Watch
    #: how often a key was pressed, without what was typed as a value
    keystrokes: int = 0
    _size: tuple[int, int] = SCREEN
    _theme: str = "light"

    # -- going somewhere

    def open(self, path: str) -> Seat:
        self.page.goto(self.url + path)
        return self

    def sign_in_as(self, name: str) -> Seat:
        self.open("/sign-in").type_into("name", name).type_into("password", PASSWORD)
        return self.press_and_wait("Enter")

    def read_in_english(self) -> Seat:
        return self.click("English")

    @property
    def path(self) -> str:
        return self.page.url.removeprefix(self.url).partition("#")[0]

    # -- with the mouse

    def click(self, name: str) -> Seat:
        """Press the button, or follow the link, of this name."""
        with self.page.expect_navigation():
            self.find(name).click()
        return self

    def unfold(self, name: str) -> Seat:
        """Open what is folded under a heading."""
        self.page.locator("summary", has_text=name).first.click()
        return self

    def find(self, name: str) -> Locator:
        buttons = self.page.get_by_role("button", name=name, exact=True)
        return buttons.or_(self.page.get_by_role("link", name=name, exact=True)).first

    # -- with the keyboard

    def type(self, value: str) -> Seat:
        """Type a value where the cursor is."""
        self._wait_for_cursor()
        self.page.keyboard.type(value)
        return self

    def press(self, key: str, times: int = 1) -> Seat:
        for _ in range(times):
            self.page.keyboard.press(key)
            self.keystrokes += 1
        return self

    def press_and_wait(self, key: str) -> Seat:
        """Press a key that leads to another page."""
        self._wait_for_cursor()
        with self.page.expect_navigation():
            self.press(key)
        return self

    def _wait_for_cursor(self) -> None:
        """Wait until the page has set its cursor. A browser does so when it first draws the page, after its load."""
        self.page.wait_for_function("document.activeElement !== document.body")

    def go_on_to(self, field_name: str) -> Seat:
        """Press Tab until the cursor is in the field of this name."""
        for _ in range(TABS_MOST):
            if self.is_at == field_name:
                break
            self.press("Tab")
        assert self.is_at == field_name
        return self

    def type_into(self, field_name: str, value: str) -> Seat:
        """Type into the field of this name, as its form sends it."""
        self.page.locator(f'main [name="{field_name}"]:visible').first.fill(value)
        return self

    @property
    def is_at(self) -> str:
        """The name of the field, or the text of the button, where the cursor is."""
        return str(self.page.evaluate("document.activeElement.name || document.activeElement.innerText.trim()"))

    # -- with the eyes

    @property
    def text(self) -> str:
        """What stands on the page."""
        return " ".join(self.page.locator("body").inner_text().split())

    @property
    def heading(self) -> str:
        return self.page.locator("h1").first.inner_text().strip()

    @property
    def html(self) -> str:
        return self.page.content()

    def look_by(self, *, size: tuple[int, int] = SCREEN, theme: str = "light") -> Seat:
        """Look at the same page on another screen, or in another theme. Each of them draws the page anew."""
        if size != self._size:
            self.page.set_viewport_size({"width": size[0], "height": size[1]})
        if theme != self._theme:
            self.page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # light or dark
        self._size, self._theme = size, theme
        return self


def sit_down(browser: Browser, url: str, **options: Any) -> Seat:
    """A new window, which knows nothing of any other. `options`: of playwright's new_context."""
    context = browser.new_context(
        ignore_https_errors=True,
        viewport={"width": SCREEN[0], "height": SCREEN[1]},
        # colours change at once, so that nobody looks at one on its way to another
        reduced_motion="reduce",
        **options,
    )
    context.set_default_timeout(STEP_SECONDS * 1000)
    watch = Watch(url)
    watch.begin(context)
    page = context.new_page()
    watch.begin_page(page)
    return Seat(page, url, watch)

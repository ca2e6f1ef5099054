"""Looks at a page as someone does who enlarges it or spaces its text (WCAG 2.2, 1.4.4, 1.4.10 and 1.4.12).

Nothing may lie beside the window, be cut off, or cover another text. A table may scroll in a region of its own that the
keyboard reaches.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from chromium.seat import Seat

#: A screen of 1280 at 200 %, and at 400 %: width and height.
ENLARGED: Final = ((640, 450), (320, 256))
#: The text spacing of 1.4.12. A sheet of a script is none that the page's own policy refuses.
_SPACE: Final = """(on) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`
        * { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
        p { margin-bottom: 2em !important }`);
    document.adoptedStyleSheets = on ? [sheet] : [];
}"""
#: What is wrong, with the beginning of the text where it is.
_FIND: Final = """() => {
    const wrong = [], width = document.documentElement.clientWidth, slack = 1;
    const seen = (one) => !one.closest(".unseen, .skip") && one.checkVisibility({visibilityProperty: true});
    const name = (one) => `${one.tagName.toLowerCase()} "${one.textContent.trim().slice(0, 30)}"`;
    if (document.documentElement.scrollWidth > width) wrong.push("wider than the window");
    const scrolled = new Set();
    for (const one of document.querySelectorAll("body *")) {
        if (!seen(one)) continue;
        const style = getComputedStyle(one), scrolls = /auto|scroll/.test(style.overflowX);
        if (one.scrollWidth <= one.clientWidth + slack || style.overflowX === "visible") continue;
        if (/^(INPUT|SELECT|TEXTAREA)$/.test(one.tagName)) continue;
        if (!scrolls) wrong.push(`cut off: ${name(one)}`);
        else if (one.tabIndex < 0) wrong.push(`no key scrolls it: ${name(one)}`);
        else scrolled.add(one);
    }
    const texts = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const text = walker.currentNode, parent = text.parentElement;
        if (!text.data.trim() || !seen(parent) || parent.closest("option, script")) continue;
        const range = document.createRange();
        range.selectNodeContents(text);
        for (const box of range.getClientRects()) texts.push({box, parent, inside: parent.closest(".scroll")});
    }
    for (const {box, parent, inside} of texts) {
        if (!scrolled.has(inside) && (box.left < -slack || box.right > width + slack))
            wrong.push(`beside the window: ${name(parent)}`);
    }
    texts.sort((one, other) => one.box.top - other.box.top);
    for (let first = 0; first < texts.length; first++) {
        const {box, parent} = texts[first];
        for (let next = first + 1; next < texts.length && texts[next].box.top < box.bottom; next++) {
            const other = texts[next].box;
            const across = Math.min(box.right, other.right) - Math.max(box.left, other.left);
            const down = Math.min(box.bottom, other.bottom) - other.top;
            if (across > 2 && down > Math.min(box.height, other.height) / 2)
                wrong.push(`${name(parent)} covers ${name(texts[next].parent)}`);
        }
    }
    return [...new Set(wrong)].slice(0, 10);
}"""


def find_cut(seat: Seat) -> list[str]:
    """What cannot be read of the page that is shown, by window."""
    wrong: list[str] = []
    for size in ENLARGED:
        seat.look_by(size=size)
        for spaced in (False, True):
            seat.page.evaluate(_SPACE, spaced)
            wrong += [f"{size[0]}{' spaced' * spaced}: {one}" for one in seat.page.evaluate(_FIND)]
    seat.page.evaluate(_SPACE, arg=False)
    return wrong

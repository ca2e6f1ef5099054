"""Finds a Chromium and starts it, kept from every host but this machine."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

#: What Linux distributions call it.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NONE = (
    "not run: no Chromium was found: install it (apt-get install chromium), or name one in CPRSYNC_CHROMIUM, "
    "or let playwright fetch its own (playwright install chromium)"
)
#: The box to search with is a page of its own, loaded for each window, and took a third of all that the browser did.
UNUSED = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup", "AiModeOmniboxEntryPoint")
#: What playwright switches off itself: of two lists Chromium reads the last one, which is ours.
BY_PLAYWRIGHT = (
    *("AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay"),
    *("HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning"),
    *("AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled"),
    "PreconnectToSearch",
)
ARGUMENTS = (
    # no name but ours leads anywhere
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
    "--disable-component-update",
    # nobody looks at its pictures: no graphics are worked out without a card for them
    "--disable-gpu",
    "--disable-software-rasterizer",
    f"--disable-features={','.join((*BY_PLAYWRIGHT, *UNUSED))}",
)
#: Chromium's own sandbox does not work for root.
AS_ROOT = ("--no-sandbox",)


def find_chromium() -> str | None:
    """The path of the Chromium to use: the one that is named, one on PATH, or playwright's own. None: there is none."""
    if named := os.environ.get("CPRSYNC_CHROMIUM"):
        return named
    return next(filter(None, map(shutil.which, NAMES)), None) or _playwrights_own()


def _playwrights_own() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def is_check_in_ci() -> bool:
    """Whether tests that are not run are a failure."""
    return os.environ.get("CI", "").lower() not in {"", "0", "false"}


def demand(found: str | None) -> str:
    """The Chromium that was found. With none the tests are not run, which is a failure in continuous integration."""
    if found is None:
        (pytest.fail if is_check_in_ci() else pytest.skip)(NONE)
    return found


def list_arguments() -> list[str]:
    return [*ARGUMENTS, *(AS_ROOT if os.geteuid() == 0 else ())]


@contextmanager
def launched(executable: str) -> Iterator[Browser]:
    """A Chromium without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list_arguments())
        try:
            yield browser
        finally:
            browser.close()

"""Galaxy's page in a real browser, driven in the words of its user: upload, open a tool, choose, run, view.

Needs playwright's Python package (planemo's Python has it) and a Chromium of the system; nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from waiting import LONGEST_SECONDS

if TYPE_CHECKING:
    from playwright.sync_api import FrameLocator, Locator, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# no sandbox: it refuses to run as root, which containers often do; the rest keeps the browser off the network
FLAGS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
PAGE_SECONDS = 600
WIDTH, HEIGHT = 1400, 900


class PageError(AssertionError):
    """The page shows something else than it should; the message says what."""


def find_browser() -> str | None:
    """Path of the first Chromium that is installed."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


@dataclass
class WebClient:
    """One page of Galaxy; `requests` collects what it asks of other machines, which should be nothing."""

    page: Page
    url: str
    requests: set[str] = field(default_factory=set)

    def open(self) -> None:
        """Open the start page and begin a history of its own."""
        self.page.goto(self.url, wait_until="domcontentloaded")
        self.page.locator("#activity-upload").wait_for()
        with self.page.expect_response(re.compile("/history/create_new_current")):
            self.page.get_by_role("button", name="Create new history").click()
        self.page.wait_for_function("() => document.querySelectorAll('.content-item').length === 0")

    def upload(self, files: Sequence[Path]) -> None:
        """Choose local files in the upload window, and wait until all of them are green."""
        self.page.locator("#activity-upload").click()
        with self.page.expect_file_chooser() as chooser:
            self.page.locator("#btn-local:visible").click()
        chooser.value.set_files(list(files))
        self.page.locator("#btn-start:visible").click()
        self.page.locator("#btn-close:visible").click()
        self.wait_until_green([path.name for path in files])

    def dataset(self, name: str) -> Locator:
        """The entry of the history whose name ends so; the newest where there are several."""
        ending = re.compile(rf"{re.escape(name)}\s*$")
        title = self.page.locator("[data-description='content item header info']", has_text=ending)
        return self.page.locator(".content-item", has=title).first

    def wait_until_green(self, names: Sequence[str]) -> None:
        """Wait until all of these datasets are there and green; the first that is red ends the wait."""
        deadline = time.monotonic() + LONGEST_SECONDS
        states: dict[str, str | None] = {}
        while time.monotonic() < deadline:
            for name in names:
                entry = self.dataset(name)
                states[name] = entry.get_attribute("data-state") if entry.count() else None
            if "error" in states.values():
                raise PageError(f"history: a dataset is red (all green expected): {states}")
            if set(states.values()) == {"ok"}:
                return
            self.page.wait_for_timeout(500)
        raise PageError(f"history: after {LONGEST_SECONDS} s the states are {states} (all ok expected)")

    def open_tool(self, name: str) -> None:
        """Search for the tool in the tool panel, and open its form."""
        self.page.locator("#activity-tools").wait_for()
        search = self.page.locator("[data-description='panel toolbox'] input.search-query")
        if not search.is_visible():
            self.page.locator("#activity-tools").click()
        search.fill(name)
        self.page.locator("[data-description='panel toolbox'] a", has_text=name).first.click()
        self.page.locator(f"#execute[data-title^='Run tool: {name} ']").first.wait_for()

    def form_field(self, name: str) -> Locator:
        """One field of the form, with its label, by its name; in a section or a choice: section|name."""
        return self.page.locator(f"[id='form-element-{name}']")

    def choose(self, name: str, option: str) -> None:
        """Choose one dataset or option in a field, instead of what is chosen there."""
        box = self.form_field(name).locator(".multiselect").first
        chosen = box.locator(".multiselect__tag-icon")
        while chosen.count():
            chosen.first.click()
        box.click()
        entry = box.locator(".multiselect__option", has_text=re.compile(rf"(^|: ){re.escape(option)}\s*$"))
        entry.first.click()
        self.page.keyboard.press("Escape")
        shown = box.inner_text()
        if option not in shown:
            raise PageError(f"{name}: the form shows {shown!r} (expected {option!r})")

    def press(self, name: str, option: str) -> None:
        """Choose in a field all of whose options are seen, by one of its words."""
        self.form_field(name).locator("label", has_text=option).first.click()

    def labels(self) -> list[str]:
        """The labels of the fields that are seen before any section is opened."""
        return [text.strip() for text in self.page.locator(".ui-form-title-text:visible").all_inner_texts()]

    def run_tool(self) -> None:
        """Press Run, and wait for Galaxy's word that the job is in the queue."""
        self.page.locator("#execute:not(.g-disabled):not([disabled])").first.click()
        self.page.locator(".donemessagelarge").first.wait_for()

    def view(self, name: str) -> FrameLocator:
        """Press the eye of a dataset; what it holds is shown in a frame in the centre."""
        self.dataset(name).get_by_role("link", name="View").click()
        return self.page.frame_locator("iframe#frame")


@contextlib.contextmanager
def web_client(browser: str, url: str) -> Iterator[WebClient]:
    """A fresh page of the Galaxy at `url`, in the browser at this path."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        window = driver.chromium.launch(executable_path=browser, args=list(FLAGS))
        page = window.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.set_default_timeout(PAGE_SECONDS * 1000)
        client = WebClient(page, url)
        page.on("request", lambda each: client.requests.add(each.url))
        yield client
        window.close()

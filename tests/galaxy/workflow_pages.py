"""The page that Galaxy shows of a workflow's run, opened in a browser and looked at."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml
from server import ROOT
from web_client import PageError, WebClient

WORKFLOWS = ROOT / "tools" / "workflows"

RESEARCH_ONLY = "For research only"
PICTURE = "history_dataset_as_image"
COMPLETE = """pictures => {
    const middle = document.querySelector('#center');
    const images = [...middle.querySelectorAll('img')];
    const pages = [...middle.querySelectorAll('iframe[src*="/display"]')].map(each => each.contentDocument);
    const drawn = images.length >= pictures && images.every(each => each.src && each.complete);
    const read = pages.every(each => !each || (each.readyState === 'complete' && each.body && each.body.innerText));
    return drawn && read && !middle.innerText.includes('Loading ');
}"""
NARROWEST = 200
"""Pixels of a picture that is drawn; one that is not found has none."""


def open_run(client: WebClient, run: str) -> int:
    """Open the page of a run, and wait until all that it shows of its datasets is there; returns how many pictures."""
    pictures = answer(client, f"invocations/{run}/report")["markdown"].count(PICTURE)
    client.page.goto(f"{client.url}/workflows/invocations/{run}/report", wait_until="domcontentloaded")
    client.page.get_by_text(RESEARCH_ONLY).first.wait_for()
    client.page.wait_for_function(COMPLETE, arg=pictures)
    return pictures


def pages_with_pictures() -> dict[str, Path]:
    """The title of each workflow's page that shows pictures, and its file."""
    files = {path: yaml.safe_load(path.read_text())["report"]["markdown"] for path in WORKFLOWS.glob("*/*.gxwf.yml")}
    return {page.splitlines()[0]: path for path, page in sorted(files.items()) if PICTURE in page}


def runs_by_page(pages: Mapping[str, str]) -> dict[str, str]:
    """Of runs and what their pages say: the first run of each page that shows pictures, by its title."""
    shown = pages_with_pictures()
    runs: dict[str, str] = {}
    for run, page in pages.items():
        title = page.partition("\n")[0]
        if title in shown:
            runs.setdefault(title, run)
    return runs


def workflows_without_a_run(pages: Mapping[str, str]) -> dict[str, Path]:
    """Of runs and what their pages say: workflows that show pictures and were not run, by the title of their page."""
    runs = runs_by_page(pages)
    return {title: path for title, path in pages_with_pictures().items() if title not in runs}


def check_runs(client: WebClient) -> None:
    """Look at the page of a run of each workflow that shows pictures."""
    pages = {
        each["id"]: answer(client, f"invocations/{each['id']}/report")["markdown"]
        for each in answer(client, "invocations?limit=100")
    }
    lacking = workflows_without_a_run(pages)
    if lacking:
        raise PageError(f"workflows: there is no run of {', '.join(lacking)} (one of each expected)")
    for run in runs_by_page(pages).values():
        check_page(client, open_run(client, run))


def check_page(client: WebClient, pictures: int) -> None:
    """What is on the page that is open: its pictures are drawn, its tables have rows, and nothing is an error."""
    middle = client.page.locator("#center")
    title = middle.locator("h1").last.inner_text()
    widths = middle.locator("img").evaluate_all("images => images.map(each => each.naturalWidth)")
    if sum(width >= NARROWEST for width in widths) < pictures:
        raise PageError(f"{title}: pictures are {widths} pixels wide ({pictures} drawn ones expected)")
    tables = middle.locator("table").filter(has_text="verdict")
    if not tables.locator("tbody tr").count():
        raise PageError(f"{title}: no table with verdicts shows a row")
    errors = middle.locator(".alert-danger").all_inner_texts()
    if errors:
        raise PageError(f"{title}: the page shows errors: {errors[:2]}")


def answer(client: WebClient, path: str) -> list[dict[str, str]] | dict[str, str]:
    """What Galaxy's API says to the user of the page."""
    return client.page.request.get(f"{client.url}/api/{path}").json()

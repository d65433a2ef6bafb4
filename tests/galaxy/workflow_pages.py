"""The page that Galaxy shows of a workflow's run, opened in a browser and looked at."""

from __future__ import annotations

from web_client import PageError, WebClient

RESEARCH_ONLY = "For research only"
PICTURE = "history_dataset_as_image"
COMPLETE = """() => {
    const middle = document.querySelector('#center');
    const drawn = [...middle.querySelectorAll('img')].every(each => each.src && each.complete);
    return drawn && !middle.innerText.includes('Loading ');
}"""
NARROWEST = 200
"""Pixels of a picture that is drawn; one that is not found has none."""


def open_run(client: WebClient, run: str) -> None:
    """Open the page of a run, and wait until all that it shows of its datasets is there."""
    client.page.goto(f"{client.url}/workflows/invocations/{run}/report", wait_until="domcontentloaded")
    client.page.get_by_text(RESEARCH_ONLY).first.wait_for()
    client.page.wait_for_function(COMPLETE)


def check_runs(client: WebClient) -> int:
    """Look at the page of one run of each workflow that shows pictures; returns how many there were."""
    runs = {each["workflow_id"]: each["id"] for each in answer(client, "invocations")}
    shown = 0
    for run in runs.values():
        pictures = answer(client, f"invocations/{run}/report")["markdown"].count(PICTURE)
        if pictures:
            open_run(client, run)
            check_page(client, pictures)
            shown += 1
    return shown


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

"""What a newcomer does in Galaxy's page, done in a real browser: upload, train, read the report, predict.

Every step leaves a screenshot; they are kept only when a step fails.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from server import HOME, ROOT
from web_client import PageError, WebClient, find_browser, web_client
from workflow_pages import check_runs

COHORT = ROOT / "test-data" / "cell_lines"
TABLES = ("genotypes.tsv", "responses.tsv", "drugs.tsv", "samples.tsv", "new_genotypes.tsv", "new_samples.tsv")
SCREENSHOTS = HOME / "report" / "browser"
ALLOWED = "drugresponse_"
# eight questions, one of which is a choice with a field of its own: where the genotypes come from
MOST_LABELS = 9
FADING_MS = 1000
GALAXYS_OWN_LABELS = ("Attempt to re-use jobs with identical parameters?", "Output Tags", "Email notification")


class Steps:
    """Takes the screenshots, numbered in order."""

    def __init__(self, client: WebClient, folder: Path) -> None:
        self.client = client
        self.folder = folder
        self.number = 0

    def done(self, name: str) -> None:
        self.number += 1
        # menus fade out, and figures are drawn
        self.client.page.wait_for_timeout(FADING_MS)
        self.client.page.screenshot(path=str(self.folder / f"{self.number:02d}-{name}.png"))


def check(found: bool, message: str) -> None:
    if not found:
        raise PageError(message)


def train(client: WebClient, steps: Steps) -> None:
    """Fill in the form of the training, run it, and read its report in the centre."""
    client.open_tool("Drug response: train")
    labels = [label for label in client.labels() if label not in GALAXYS_OWN_LABELS]
    check(len(labels) <= MOST_LABELS, f"train: {len(labels)} fields are seen at once (at most {MOST_LABELS}): {labels}")
    client.choose("genotypes_source|genotypes", "genotypes.tsv")
    for name in ("responses", "drugs", "samples"):
        client.choose(name, f"{name}.tsv")
    client.choose("learner", "Ridge regression")
    steps.done("train-form")
    client.run_tool()
    client.wait_until_green(["model", "metrics", "report"])
    steps.done("trained")
    report = client.view("report")
    # a tool that is not on the allow-list has its HTML shown as source, which holds no such element
    report.get_by_role("heading", name="Training report").wait_for()
    verdict = report.get_by_text("less squared error than the best naive prediction").first
    verdict.wait_for()
    width = report.locator("svg").first.bounding_box()
    check(bool(width) and width["width"] > 200, f"train: the first figure of the report is not drawn: {width}")
    steps.done("train-report")


def predict(client: WebClient, steps: Steps) -> None:
    """Predict for new samples with the model that lies in the history."""
    client.open_tool("Drug response: predict")
    model = client.form_field("model_source|model").locator(".multiselect").first.inner_text()
    check("train on" in model and "model" in model, f"predict: the form offers {model!r} (the trained model expected)")
    client.choose("genotypes_source|genotypes", "new_genotypes.tsv")
    client.choose("samples", "new_samples.tsv")
    steps.done("predict-form")
    client.run_tool()
    client.wait_until_green(["predictions", "report"])
    client.view("report").get_by_role("heading", name="Prediction report").wait_for()
    steps.done("predict-report")
    client.dataset("predictions").get_by_role("link", name="View").click()
    first = client.page.get_by_role("row", name=re.compile("L0097"))
    first.first.wait_for()
    steps.done("predictions")


@contextmanager
def html_not_allowed(client: WebClient) -> Iterator[None]:
    """Take the tools off the allow-list, as on a server whose administrator has not put them there."""
    address = f"{client.url}/api/sanitize_allow?tool_id={ALLOWED}"
    check(client.page.request.delete(address).ok, "allow-list: the tools could not be taken off")
    try:
        yield
    finally:
        check(client.page.request.put(address).ok, "allow-list: the tools could not be put back")


def read_source(client: WebClient, steps: Steps) -> None:
    """Where HTML is not allowed, Galaxy shows the source of a report: it begins with what to do, and its own text."""
    with html_not_allowed(client):
        report = client.view("report")
        client.page.get_by_text("Contents are shown as plain text").wait_for()
        source = report.locator("pre").inner_text()
        steps.done("report-as-source")
    top = source.partition("<style")[0]
    for expected in ("ask the administrator to allow", "\nPrediction report\n===", "\nSample by sample\n- -"):
        check(expected in top, f"report as source: {expected!r} is not in what comes first: {top[:300]!r}")


def walk(client: WebClient, steps: Steps) -> None:
    """All steps, in the order in which a newcomer takes them."""
    client.open()
    steps.done("start")
    client.upload([COHORT / name for name in TABLES])
    steps.done("uploaded")
    train(client, steps)
    predict(client, steps)
    read_source(client, steps)
    with html_not_allowed(client):
        check_runs(client)
    steps.done("workflow-runs")
    elsewhere = sorted({url for url in client.requests if not url.startswith((client.url, "data:", "blob:"))})
    check(not elsewhere, f"the page asked other machines (none expected): {elsewhere[:5]}")


@dataclass(frozen=True)
class Outcome:
    """How the walk ended: "passed", "FAILED" or "SKIPPED", and a line that says more."""

    word: str
    message: str


def walk_in_browser(url: str) -> Outcome:
    """Walk through Galaxy's page, where a browser is installed; a missing one is a failure when it is required."""
    browser = find_browser()
    if browser is None:
        required = os.environ.get("REQUIRE_BROWSER")
        message = f"no Chromium was found{' (REQUIRE_BROWSER is set)' if required else ''}. apt-get install chromium"
        return Outcome("FAILED" if required else "SKIPPED", message)
    try:
        with web_client(browser, url) as client:
            return walk_with_pictures(client)
    except Exception as error:
        return Outcome("FAILED", f"{browser} could not be used: {first_line(error)}")


def walk_with_pictures(client: WebClient) -> Outcome:
    """Walk, and keep the pictures only when a step fails."""
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir(parents=True)
    steps = Steps(client, SCREENSHOTS)
    try:
        walk(client, steps)
    except Exception as error:
        steps.done("failed")
        where = SCREENSHOTS.relative_to(ROOT)
        return Outcome("FAILED", f"after step {steps.number - 1}: {first_line(error)} (screenshots: {where})")
    shutil.rmtree(SCREENSHOTS)
    return Outcome("passed", f"{steps.number} steps")


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]

"""Pictures of forms, reports, pages of a workflow's run and the walk of patients, as the documentation shows them.

They show the middle of Galaxy's page. ``.galaxy/report/screenshots/`` gets them as they are taken, and each form once
more with its sections open, to look at before a release; ``docs/screenshots/`` gets small copies.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml
from patients import walk_of_patients
from server import HOME, ROOT, GalaxyServer
from stages import REPORTS, run_workflow_tests, say
from summary import read_report
from waiting import LONGEST_SECONDS
from web_client import WebClient, find_browser, web_client
from workflow_pages import WORKFLOWS, open_run

if TYPE_CHECKING:
    from bioblend.galaxy import GalaxyInstance
    from playwright.sync_api import Locator

FOLDER = HOME / "report" / "screenshots"
IN_DOCS = ROOT / "docs" / "screenshots"
PARTS = {"forms": "form-", "reports": ("report-", "predictions"), "workflows": "workflow-", "walk": "walk-"}
"""What is pictured, and how the names of its pictures begin."""
WIDTH = 1400
# as tall as the longest form with its sections open; a report goes on below
FORM_HEIGHT, REPORT_HEIGHT, RUN_HEIGHT = 8000, 1300, 5000
MARGIN = 12
COLOURS = 48
DRAWING_MS = 3000


@dataclass
class Inputs:
    """The files of the tools' tests in one history, each uploaded once."""

    galaxy: GalaxyInstance
    history: str
    uploads: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)

    def of(self, inputs: dict[str, Any], section: str = "") -> Iterator[tuple[str, Any]]:
        """The inputs of a test as Galaxy's API takes them: files uploaded, fields of a section named section|field."""
        for name, value in inputs.items():
            if not isinstance(value, dict):
                yield section + name, value
            elif "value" not in value:
                yield from self.of(value, f"{section}{name}|")
            else:
                files = [self.upload(each, value.get("ftype", "auto")) for each in value["value"].split(",")]
                yield section + name, {"batch": False, "values": files}

    def upload(self, path: str, file_type: str) -> dict[str, str]:
        if (path, file_type) not in self.uploads:
            file = ROOT / "test-data" / path
            answer = self.galaxy.tools.upload_file(str(file), self.history, file_name=file.name, file_type=file_type)
            self.galaxy.datasets.wait_for_dataset(answer["outputs"][0]["id"], interval=0.5, check=True)
            made = answer["outputs"][0]
            shown = f"{made['hid']}: {file.name}"
            self.uploads[path, file_type] = {"src": "hda", "id": made["id"], "shown": shown}
        return self.uploads[path, file_type]


def take_all(server: GalaxyServer, parts: Collection[str]) -> int:
    """Take the pictures of these parts; returns 1 where no browser is installed or a job fails."""
    browser = find_browser()
    if browser is None:
        say("error: no Chromium was found. Install it, such as: apt-get install chromium")
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    passed = True
    with web_client(browser, server.url) as client:
        if {"forms", "reports"} & set(parts):
            take_tools(server, client, parts)
        if "workflows" in parts:
            passed, _ = run_workflow_tests(server)
            take_workflows(client)
    if "walk" in parts:
        take_walk(server, browser)
    say(f"Screenshots: {FOLDER.relative_to(ROOT)}")
    if not passed:
        say(f"FAILED a workflow; {IN_DOCS.relative_to(ROOT)} keeps what it has")
        return 1
    copy_to_docs(parts)
    return 0


def take_tools(server: GalaxyServer, client: WebClient, parts: Collection[str]) -> None:
    """The forms of the tools, filled in as for their tests, and what the tools leave behind."""
    from bioblend.galaxy import GalaxyInstance

    galaxy = GalaxyInstance(server.url, key=server.user_key)
    inputs = Inputs(galaxy, galaxy.histories.create_history("Drug response")["id"])
    tests = {tool: shown_test(tool) for tool in server.tool_ids()}
    values = {tool: dict(inputs.of(test["inputs"])) for tool, test in tests.items()}
    # the form offers the datasets of the history that is open
    client.page.goto(f"{server.url}/history/set_as_current?id={inputs.history}")
    if "forms" in parts:
        for tool in tests:
            take_form(client, tool, values[tool])
    if "reports" in parts:
        for tool, test in tests.items():
            if "report" in test.get("outputs", {}):
                take_outputs(client, tool, outputs_of(inputs, tool, values[tool]))


def take_workflows(client: WebClient) -> None:
    """The page of a run of each workflow."""
    for name, run in workflow_runs().items():
        client.page.set_viewport_size({"width": WIDTH, "height": RUN_HEIGHT})
        open_run(client, run)
        take_middle(client, f"workflow-{name}", above=client.page.get_by_role("heading", name="How it was made"))


def shown_test(tool: str) -> dict[str, Any]:
    """The test whose inputs are shown: the first that writes a report, else the first."""
    tests = yaml.safe_load((ROOT / "tools" / f"{tool}.yml").read_text())["tests"]
    return next((each for each in tests if "report" in each.get("outputs", {})), tests[0])


def outputs_of(inputs: Inputs, tool: str, values: dict[str, Any]) -> dict[str, str]:
    """Run a tool, and wait for it: dataset by the name of the output."""
    answer = inputs.galaxy.tools.run_tool(inputs.history, tool, values)
    inputs.galaxy.jobs.wait_for_job(answer["jobs"][0]["id"], maxwait=LONGEST_SECONDS, check=True)
    return {each["output_name"]: each["id"] for each in answer["outputs"]}


def take_form(client: WebClient, tool: str, values: dict[str, Any]) -> None:
    """Fill in the files of the test; one picture as the form is first seen, one with its sections open and the help."""
    client.page.set_viewport_size({"width": WIDTH, "height": FORM_HEIGHT})
    client.page.goto(f"{client.url}/?tool_id={tool}", wait_until="domcontentloaded")
    client.page.locator("#execute").first.wait_for()
    for name, value in values.items():
        box = client.form_field(name)
        if isinstance(value, dict) and box.is_visible():
            client.choose(name, value["values"][0]["shown"])
    name = "form-" + tool.removeprefix("drugresponse_")
    take_middle(client, name, above=client.page.get_by_text("Additional Options", exact=True))
    for section in client.page.locator(".ui-portlet-section > .portlet-header").all():
        section.click()
    take_middle(client, f"open-{name}", above=client.page.locator(".tool-footer").last)


def take_outputs(client: WebClient, tool: str, datasets: dict[str, str]) -> None:
    """The report, and the table of predictions, in the middle of the page."""
    command = tool.removeprefix("drugresponse_")
    shown = {"report": f"report-{command}"} | ({"predictions": "predictions"} if command == "predict" else {})
    for output, name in shown.items():
        client.page.goto(f"{client.url}/datasets/{datasets[output]}/preview", wait_until="domcontentloaded")
        client.page.locator("iframe#frame" if output == "report" else "table").first.wait_for()
        take_middle(client, name)


def take_middle(client: WebClient, name: str, above: Locator | None = None) -> None:
    """Take the middle of the page, as far as it is above an element, when figures and fonts are drawn."""
    if above is None:
        client.page.set_viewport_size({"width": WIDTH, "height": REPORT_HEIGHT})
    client.page.wait_for_timeout(DRAWING_MS)
    middle = client.page.locator("#center").bounding_box()
    height = above.bounding_box()["y"] - MARGIN - middle["y"] if above else middle["height"]
    client.page.screenshot(path=str(FOLDER / f"{name}.png"), clip={**middle, "height": height})


def take_walk(server: GalaxyServer, browser: str) -> None:
    """The walk of twenty patients, step by step, as a whole page."""
    with web_client(browser, server.url) as client:
        say(f"Patients: {walk_of_patients(client, lambda name: take_page(client, name))}")


def take_page(client: WebClient, name: str) -> None:
    client.page.wait_for_timeout(DRAWING_MS)
    FOLDER.mkdir(parents=True, exist_ok=True)
    client.page.screenshot(path=str(FOLDER / f"{name}.png"))


def workflow_runs() -> dict[str, str]:
    """The first run of each workflow that the tests have just made, but for the tutorial's."""
    runs: dict[str, str] = {}
    for name, result in read_report(REPORTS / "workflow_test_output.json"):
        workflow = name.split(".")[0]
        if (WORKFLOWS / workflow).is_dir():
            runs.setdefault(workflow, result["invocation_details"]["details"]["invocation_id"])
    return runs


def copy_to_docs(parts: Collection[str]) -> None:
    """Write the pictures of the documentation, with few colours, so that they stay small."""
    from PIL import Image  # planemo's Python has it

    for older in IN_DOCS.glob("*.png"):
        if any(older.name.startswith(PARTS[part]) for part in parts):
            older.unlink()
    for taken in sorted(FOLDER.glob("*.png")):
        if not taken.name.startswith("open-"):
            with Image.open(taken) as picture:
                small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
                small.save(IN_DOCS / taken.name, optimize=True)
    noted = sorted({"forms", "workflows"} & set(parts))
    if noted:
        python = ROOT / ".venv" / "bin" / "python"
        subprocess.run([python, "-m", "drugresponse.galaxy", "--pictured", *noted], cwd=ROOT, check=True)

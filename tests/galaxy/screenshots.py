"""Pictures of every form, of every report, and of the page of every workflow's run, to look at before a release.

All of them go to ``.galaxy/report/screenshots/``; those that the documentation shows go to ``docs/screenshots/`` too.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from browser import Steps, walk
from server import HOME, ROOT, GalaxyServer
from stages import REPORTS, run_workflow_tests, say
from summary import read_report
from web_client import WebClient, find_browser, web_client

if TYPE_CHECKING:
    from bioblend.galaxy import GalaxyInstance

FOLDER = HOME / "report" / "screenshots"
IN_DOCS = ROOT / "docs" / "screenshots"
# name in the documentation, and the picture; at most six, each at most 150 kB: a test counts
SHOWN = {
    "train-form": "03-train-form",
    "train-report": "05-train-report",
    "evaluate-report": "report-evaluate",
    "predict-form": "06-predict-form",
    "predictions": "08-predictions",
    "workflow-report": "workflow-train-evaluate-explain",
}
SIZE = {"width": 1400, "height": 1500}
COLOURS = 128
JOB_SECONDS = 600
DRAWING_MS = 4000


def take_all(server: GalaxyServer) -> int:
    """Take all pictures; returns 1 where no browser is installed or a job fails."""
    from bioblend.galaxy import GalaxyInstance

    browser = find_browser()
    if browser is None:
        say("error: no Chromium was found. Install it, such as: apt-get install chromium")
        return 1
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    galaxy = GalaxyInstance(server.url, key=server.user_key)
    history = galaxy.histories.create_history("Drug response")["id"]
    reports = dict(made_reports(galaxy, history, server.tool_ids()))
    passed, _ = run_workflow_tests(server)
    with web_client(browser, server.url) as client:
        walk(client, Steps(client, FOLDER))
        client.page.set_viewport_size(SIZE)
        for tool in server.tool_ids():
            take(client, f"/?tool_id={tool}", "#execute", "form-" + tool.removeprefix("drugresponse_"))
        for command, dataset in reports.items():
            take(client, f"/datasets/{dataset}/preview", "iframe#frame", f"report-{command}")
        for name, run in workflow_runs().items():
            take(client, f"/workflows/invocations/{run}/report", "text=For research only", f"workflow-{name}")
    copy_shown()
    say(f"Screenshots: {FOLDER.relative_to(ROOT)}; those of the documentation: {IN_DOCS.relative_to(ROOT)}")
    return int(not passed)


def take(client: WebClient, address: str, awaited: str, name: str) -> None:
    """Take one picture when what is awaited is there, and figures and fonts have had time to be drawn."""
    client.page.goto(client.url + address, wait_until="domcontentloaded")
    client.page.locator(awaited).first.wait_for()
    client.page.wait_for_timeout(DRAWING_MS)
    client.page.screenshot(path=str(FOLDER / f"{name}.png"))


def made_reports(galaxy: GalaxyInstance, history: str, tools: list[str]) -> Iterator[tuple[str, str]]:
    """Run each tool that writes a report on the data of its own first test; yields the command and the dataset."""
    for tool in tools:
        description = yaml.safe_load((ROOT / "tools" / f"{tool}.yml").read_text())
        inputs = inputs_with_report(description["tests"])
        if inputs is None:
            continue
        answer = galaxy.tools.run_tool(history, tool, dict(uploaded(galaxy, history, inputs)))
        galaxy.jobs.wait_for_job(answer["jobs"][0]["id"], maxwait=JOB_SECONDS, check=True)
        report = next(each["id"] for each in answer["outputs"] if each["output_name"] == "report")
        yield description["command"], report


def inputs_with_report(tests: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The inputs of the first test that passes and writes a report."""
    return next((each["inputs"] for each in tests if "report" in each.get("outputs", {})), None)


def uploaded(
    galaxy: GalaxyInstance, history: str, inputs: dict[str, Any], section: str = ""
) -> Iterator[tuple[str, Any]]:
    """The inputs of a test as Galaxy's API takes them: files uploaded, fields of a section named section|field."""
    for name, value in inputs.items():
        if not isinstance(value, dict):
            yield section + name, value
        elif "value" not in value:
            yield from uploaded(galaxy, history, value, f"{section}{name}|")
        else:
            files = [ROOT / "test-data" / each for each in value["value"].split(",")]
            datasets = [upload(galaxy, history, each, value.get("ftype", "auto")) for each in files]
            yield section + name, {"batch": False, "values": datasets}


def upload(galaxy: GalaxyInstance, history: str, file: Path, file_type: str) -> dict[str, str]:
    answer = galaxy.tools.upload_file(str(file), history, file_name=file.name, file_type=file_type)
    galaxy.datasets.wait_for_dataset(answer["outputs"][0]["id"], interval=0.5, check=True)
    return {"src": "hda", "id": answer["outputs"][0]["id"]}


def workflow_runs() -> dict[str, str]:
    """The first run of each workflow that the tests have just made."""
    runs: dict[str, str] = {}
    for name, result in read_report(REPORTS / "workflow_test_output.json"):
        runs.setdefault(name.split(".")[0], result["invocation_details"]["details"]["invocation_id"])
    return runs


def copy_shown() -> None:
    """Write the pictures of the documentation, with few colours, so that they stay small."""
    from PIL import Image  # planemo's Python has it

    IN_DOCS.mkdir(exist_ok=True)
    for name, taken in SHOWN.items():
        with Image.open(FOLDER / f"{taken}.png") as picture:
            small = picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
            small.save(IN_DOCS / f"{name}.png", optimize=True)

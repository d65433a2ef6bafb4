"""The daily case in Galaxy's page: a sample sheet of twenty patients, a model of the server, and the answer is seen.

On a server as it comes, which shows no HTML of tools. The form is opened first; it stays while files are uploaded. What
is pressed is counted. Run by ``make screenshots``, whose pictures of it stand in ``docs/galaxy-patients.md``.
"""

from __future__ import annotations

import csv
import gzip
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from browser import check, html_not_allowed
from server import ROOT, TEST_DATA
from web_client import WebClient

TOLD = TEST_DATA / "germline" / "new_samples.tsv"
CALLED = ROOT / "tools" / "workflows" / "predict-new-patients" / "test-data" / "new_patients.vcf.gz"
N_PATIENTS = 20
COLUMNS = {"age": "int", "sex": "string", "ancestry": "string", "tissue": "string"}
MOST_PRESSES, MOST_WITH_TOOL = 5, 6
WIDTH, HEIGHT, TALL = 1400, 900, 2000
COUNTER = "document.addEventListener('pointerdown', event => event.isTrusted && window.pressed(), true)"


def walk_of_patients(client: WebClient, take: Callable[[str], None]) -> str:
    """Open the tool, upload, and go on to the verdict; says how many presses that took. `take` takes a picture."""
    presses: list[None] = []
    client.page.expose_function("pressed", lambda: presses.append(None))
    client.page.add_init_script(COUNTER)
    client.open()
    with html_not_allowed(client):
        presses.clear()
        open_tool(client)
        to_open = len(presses)
        upload_sheet(client)
        take("walk-1-uploaded")
        presses.clear()
        predict(client, take)
        see_verdict(client, take)
        to_verdict = len(presses)
        see_table(client, take)
    said = f"{to_open} presses to open the tool, {to_verdict} from the upload to the verdict"
    check(to_verdict <= MOST_PRESSES and to_open + to_verdict <= MOST_WITH_TOOL, f"{said} (more than there should be)")
    return said


def open_tool(client: WebClient) -> None:
    """Open the form, from the section of the panel in which the tool stands."""
    panel = client.page.locator("[data-description='panel toolbox']")
    panel.get_by_text("Drug response", exact=True).click()
    panel.locator("a.tool-link[data-tool-id='drugresponse_predict']").click()
    client.form_field("model_source|source").wait_for()


def write_patients(folder: Path) -> list[Path]:
    """A VCF of each patient, which lists what differs from the reference alone."""
    lines = [line.split("\t") for line in gzip.decompress(CALLED.read_bytes()).decode().splitlines()]
    (names,) = [cells[9:] for cells in lines if cells[0] == "#CHROM"]
    paths = []
    for at, name in enumerate(names[:N_PATIENTS], 9):
        kept = [cells if cells[0].startswith("##") else [*cells[:9], cells[at]] for cells in lines]
        rows = ["\t".join(cells) for cells in kept if cells[-1] not in ("0/0", "0|0")]
        paths.append(folder / f"{name}.vcf")
        paths[-1].write_text("\n".join(rows) + "\n", encoding="utf-8")
    return paths


def upload_sheet(client: WebClient) -> None:
    """Upload the files in the page, and make of them a sample sheet as the page does where a workflow asks for one."""
    client.page.set_viewport_size({"width": WIDTH, "height": TALL})
    with tempfile.TemporaryDirectory() as folder:
        paths = write_patients(Path(folder))
        client.upload(paths)
    ask = client.page.request
    history = ask.get(f"{client.url}/history/current_history_json").json()["id"]
    contents = ask.get(f"{client.url}/api/histories/{history}/contents?v=dev&q=visible&qv=true").json()
    ids = {each["name"]: each["id"] for each in contents}
    asked = {
        "collection_type": "sample_sheet",
        "element_identifiers": [{"src": "hda", "id": ids[path.name], "name": path.stem} for path in paths],
        "column_definitions": [{"name": name, "type": kind, "optional": False} for name, kind in COLUMNS.items()],
        "rows": rows_of([path.stem for path in paths]),
        "name": "patients",
        "instance_type": "history",
        "history_id": history,
        "hide_source_items": True,
    }
    answer = ask.post(f"{client.url}/api/dataset_collections", data=asked)
    check(answer.ok, f"sample sheet: the page answers {answer.status}: {answer.text()[:300]}")
    client.wait_until_green(["patients"])
    client.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def rows_of(samples: list[str]) -> dict[str, list[Any]]:
    """The columns of each patient in the sheet."""
    with TOLD.open(encoding="utf-8", newline="") as file:
        told = {row["sample_id"]: row for row in csv.DictReader(file, delimiter="\t")}
    return {name: [int(told[name]["age"]), told[name]["sex"], told[name]["ancestry"], "blood"] for name in samples}


def predict(client: WebClient, take: Callable[[str], None]) -> None:
    """Choose where the model and the genotypes come from, and run."""
    client.press("model_source|source", "Installed on this server")
    client.press("genotypes_source|source", "variants only")
    sheet = client.form_field("genotypes_source|sheet").inner_text()
    check("patients" in sheet, f"predict: the form offers {sheet!r} (the sample sheet expected)")
    take("walk-2-form")
    client.run_tool()
    client.wait_until_green(["predictions", "short table", "report", "headline figure"])
    take("walk-3-done")


def see_verdict(client: WebClient, take: Callable[[str], None]) -> None:
    """Press the eye of the headline figure: a picture with the verdict, which needs no HTML."""
    client.dataset("headline figure").get_by_role("link", name="View").click()
    picture = client.page.locator("#center img").first
    picture.wait_for()
    size = picture.bounding_box()
    check(bool(size) and size["width"] > 200, f"predict: the headline figure is not seen: {size}")
    take("walk-4-verdict")


def see_table(client: WebClient, take: Callable[[str], None]) -> None:
    """Press the eye of the short table, whose rows begin with the verdict on each patient."""
    client.dataset("short table").get_by_role("link", name="View").click()
    client.page.get_by_role("row", name=re.compile("P0121")).first.wait_for()
    take("walk-5-patients")

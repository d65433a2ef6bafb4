"""Does each tool give the same bytes again, also when the server gives it another number of GALAXY_SLOTS?

Every tool runs twice on the same datasets, with all of its outputs, in two histories: `config/job_conf.yml` gives the
jobs of one history one slot, and those of the next history two.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from server import ROOT, TEST_DATA
from tool_xml import read_tool
from waiting import LONGEST_SECONDS

if TYPE_CHECKING:
    from bioblend.galaxy import GalaxyInstance

SLOTS = (1, 2)
UNDER_WAY = ("new", "waiting", "queued", "running")
SHOWN = 40
NEW_LINE = b"\n"


@dataclass(frozen=True)
class File:
    """A file of the test data, as an input of a tool."""

    path: str
    file_type: str = "tabular"


@dataclass(frozen=True)
class Model:
    """The model that the first run of a case has made, as an input of both runs of a tool."""

    case: str


@dataclass(frozen=True)
class Case:
    """One tool and its inputs; the name begins with its command.

    All outputs are chosen, but for those that inputs of this kind do not have.
    """

    name: str
    inputs: Mapping[str, Any]
    without: tuple[str, ...] = ()

    @property
    def tool(self) -> str:
        return f"drugresponse_{self.name.split()[0]}"


@dataclass
class Run:
    """What one run of a tool has left: the job, its outputs and lists of outputs by name, and the slots that it had."""

    job: str
    outputs: dict[str, str]
    slots: int | None = None
    problem: str | None = None
    contents: dict[str, bytes] = field(default_factory=dict)
    collections: dict[str, str] = field(default_factory=dict)


AUTO, NETWORK = Model("train auto"), Model("train network")
COHORT = {name: File(f"cell_lines/{name}.tsv") for name in ("responses", "drugs", "samples")}
COHORT |= {"genotypes_source|genotypes": File("cell_lines/genotypes.tsv")}
NEW_GENOTYPES, NEW = File("cell_lines/new_genotypes.tsv"), {"samples": File("cell_lines/new_samples.tsv")}
FEATURES = {"genotype_options|features": File("cell_lines/features.tsv")}
FEW_FITS = {"learner_settings|epochs": 5, "learner_settings|trees": 20}
NO_FOLDS = {"learner_settings|folds": 0}
SETS = {"genotype_options|gene_sets": File("cell_lines/gene_sets.gmt")}
# the longest first, so that the two workers end at about the same time
CASES = (
    Case("train auto", {**COHORT, **FEATURES, **FEW_FITS, "learner": "auto", "learner_settings|folds": 2}),
    Case("train network", {**COHORT, **FEW_FITS, "learner": "neural", "scheme": "random-pairs"} | NO_FOLDS),
    Case(
        "evaluate",
        {**COHORT, **FEW_FITS, "learner": ["ridge", "boosted-trees"], "held_out|folds": 2},
        without=("net_benefit",),
    ),
    Case("simulate", {"n_samples": 40, "n_drugs": 5, "n_features": 40, "seed": 3}),
    Case("prepare", {"genotypes_source|genotypes": File("germline/genotypes.vcf.gz", "vcf_bgzip")}),
    Case("curves", {"doses": File("curves/doses.tsv")}),
    Case(
        "explain",
        {**COHORT, **SETS, "model_source|model": AUTO, "selected_samples": "L0001, L0002", "held_out|refits": 2},
    ),
    Case("predict", {**NEW, "genotypes_source|genotypes": NEW_GENOTYPES, "model_source|model": NETWORK}),
    Case(
        "adapt",
        {
            **{**NEW, "genotypes_source|genotypes": NEW_GENOTYPES, "model_source|model": AUTO},
            "responses": File("cell_lines/pilots.tsv"),
        },
    ),
    Case("describe", {"model_source|model": AUTO}),
    Case("validate", {}),
)


def all_outputs(tool: str, without: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """The field of a tool's form that chooses outputs, with all others chosen; nothing where there is no choice."""
    form = read_tool(ROOT / "tools" / f"{tool}.xml")
    values = [each.attrib["value"] for each in form.iterfind("inputs/param[@name='outputs']/option")]
    options = [value for value in values if value not in without]
    return {"outputs": options} if options else {}


def upload_all(galaxy: GalaxyInstance, history: str) -> dict[File | Model, dict[str, str]]:
    """Upload each file of the cases once."""
    files = sorted({each for case in CASES for each in case.inputs.values() if isinstance(each, File)}, key=str)
    uploaded: dict[File | Model, dict[str, str]] = {}
    for file in files:
        path = TEST_DATA / file.path
        answer = galaxy.tools.upload_file(str(path), history, file_name=path.name, file_type=file.file_type)
        uploaded[file] = {"src": "hda", "id": answer["outputs"][0]["id"]}
    for dataset in uploaded.values():
        galaxy.datasets.wait_for_dataset(dataset["id"], maxwait=LONGEST_SECONDS, interval=0.5, check=True)
    return uploaded


def start_all(
    galaxy: GalaxyInstance, history: str, datasets: dict[File | Model, dict[str, str]]
) -> Iterator[tuple[str, Run]]:
    """Put all tools into the queue; models that are not there yet join the datasets."""
    for case in CASES:
        inputs = {
            name: datasets[value] if isinstance(value, File | Model) else value for name, value in case.inputs.items()
        }
        answer = galaxy.tools.run_tool(history, case.tool, {**inputs, **all_outputs(case.tool, case.without)})
        outputs = {each["output_name"]: each["id"] for each in answer["outputs"]}
        if "model" in outputs:
            datasets.setdefault(Model(case.name), {"src": "hda", "id": outputs["model"]})
        collections = {each["output_name"]: each["id"] for each in answer["output_collections"]}
        yield case.name, Run(answer["jobs"][0]["id"], outputs, collections=collections)


def finish(galaxy: GalaxyInstance, run: Run) -> None:
    """Wait for the end of a job, and fetch what it has left."""
    state = wait_for(galaxy, run.job)
    job = galaxy.jobs.show_job(run.job, full_details=True)
    if state != "ok":
        said = (job.get("tool_stderr") or "").strip().splitlines()
        run.problem = f"the state of the job is {state} (ok expected): {said[-1] if said else 'no message'}"
        return
    if job.get("copied_from_job_id"):
        run.problem = "Galaxy copied an earlier job (a run of its own expected)"
        return
    run.slots = slots_of(galaxy.jobs.get_metrics(run.job))
    for name, collection in run.collections.items():
        elements = galaxy.dataset_collections.show_dataset_collection(collection)["elements"]
        run.outputs |= {f"{name}, {each['element_identifier']}": each["object"]["id"] for each in elements}
    for name, dataset in run.outputs.items():
        # raw: else Galaxy adds to some types, and packs others
        answer = galaxy.make_get_request(f"{galaxy.url}/datasets/{dataset}/display", params={"raw": "true"})
        answer.raise_for_status()
        run.contents[name] = answer.content


def wait_for(galaxy: GalaxyInstance, job: str) -> str:
    """The state in which a job stays; a job is paused when the one that makes its model has failed."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while (state := galaxy.jobs.get_state(job)) in UNDER_WAY and time.monotonic() < deadline:
        time.sleep(0.5)
    return state


def slots_of(metrics: list[dict[str, Any]]) -> int | None:
    """GALAXY_SLOTS in the environment of a job; none where Galaxy has not recorded it."""
    found = [each["raw_value"] for each in metrics if each["name"] == "galaxy_slots"]
    return int(float(found[0])) if found else None


def problems_of(case: str, first: Run, second: Run) -> list[str]:
    """What differs between two runs of a tool, apart from the slots, which must differ."""
    failed = [f"{case}: {run.problem}" for run in (first, second) if run.problem]
    if failed:
        return failed
    if {first.slots, second.slots} != set(SLOTS):
        return [f"{case}: the runs had GALAXY_SLOTS {first.slots} and {second.slots} (1 and 2 expected)"]
    problems = []
    for output in sorted(first.contents | second.contents):
        found = difference(first.contents.get(output), second.contents.get(output))
        problems += [f"{case}, {output}: {found}"] if found else []
    return problems


def difference(first: bytes | None, second: bytes | None) -> str | None:
    """Where two contents differ first: the line of a text, the byte of anything else."""
    if first is None or second is None:
        return f"only the {'second' if first is None else 'first'} run wrote it"
    if first == second:
        return None
    pairs = zip(first, second, strict=False)
    at = next((i for i, (one, other) in enumerate(pairs) if one != other), min(len(first), len(second)))
    try:
        shown = [line_around(content, at) for content in (first, second)]
    except UnicodeDecodeError:
        return f"byte {at} differs (of {len(first)} and {len(second)} bytes)"
    return f"line {first.count(NEW_LINE, 0, at) + 1} differs: {shown[0]!r} and {shown[1]!r}"


def line_around(content: bytes, at: int) -> str:
    """The line of a text in which a byte lies, cut short on both sides of it."""
    content.decode()
    start = max(content.rfind(NEW_LINE, 0, at) + 1, at - SHOWN)
    end = content.find(NEW_LINE, at)
    return content[start : min(at + SHOWN, len(content) if end < 0 else end)].decode(errors="replace")


def rerun_all(galaxy: GalaxyInstance) -> dict[str, list[str]]:
    """Run every tool twice; returns the cases in which something differs, and what."""
    histories = [galaxy.histories.create_history(f"Reruns, {name}")["id"] for name in ("first", "second")]
    datasets = upload_all(galaxy, histories[0])
    first, second = (dict(start_all(galaxy, history, datasets)) for history in histories)
    problems = {}
    for name in first:
        for run in (first[name], second[name]):
            finish(galaxy, run)
        problems[name] = problems_of(name, first[name], second[name])
    return {name: found for name, found in problems.items() if found}

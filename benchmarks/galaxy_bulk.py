"""python benchmarks/galaxy_bulk.py URL KEY [--jobs 200]: many predictions at once on a Galaxy server; is one lost?

Runs with a Python that has BioBlend, such as .galaxy/planemo/bin/python, against a server with the tools, such as that
of `make galaxy`. Not part of the tests, which have no time for 200 jobs.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

__all__ = ["Outcome", "lines_of", "send_all"]

COHORT = Path(__file__).resolve().parents[1] / "test-data" / "cell_lines"
FILES = {"model.safetensors": "safetensors", "new_genotypes.tsv": "tabular", "new_samples.tsv": "tabular"}
ENDED = ("ok", "error", "deleted", "paused", "stopped", "failed")


class Outcome:
    """What became of each job: its state, and the checksum of its predictions where it has any."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.contents: Counter[str] = Counter()
        self.refused: list[str] = []


def send_all(galaxy: Any, jobs: int, patience: float) -> Outcome:
    """Send the same prediction many times, and wait until every job has ended, or none has for a while.

    Parameters
    ----------
    galaxy
        A `bioblend.galaxy.GalaxyInstance`.
    jobs
        How many.
    patience
        Seconds without the end of any job after which the rest counts as lost.
    """
    from bioblend import ConnectionError

    history = galaxy.histories.create_history(f"{jobs} predictions")["id"]
    sent = {}
    for name, kind in FILES.items():
        answer = galaxy.tools.upload_file(str(COHORT / name), history, file_type=kind)
        sent[name] = {"src": "hda", "id": answer["outputs"][0]["id"]}
        galaxy.datasets.wait_for_dataset(sent[name]["id"], maxwait=patience, check=True)
    inputs = {
        "model_source|model": sent["model.safetensors"],
        "genotypes_source|genotypes": sent["new_genotypes.tsv"],
        "samples": sent["new_samples.tsv"],
        "outputs": None,
    }
    outcome, datasets = Outcome(), {}
    for _ in range(jobs):
        try:
            answer = galaxy.tools.run_tool(history, "drugresponse_predict", inputs)
        except ConnectionError as error:  # what the server says is counted
            outcome.refused.append(str(error)[:200])
            continue
        job = answer["jobs"][0]["id"]
        outcome.states[job], datasets[job] = "new", answer["outputs"][0]["id"]
    _wait(galaxy, outcome, patience)
    for job, state in outcome.states.items():
        if state == "ok":
            content = galaxy.datasets.download_dataset(datasets[job], require_ok_state=False)
            outcome.contents[sha256(content).hexdigest()] += 1
    return outcome


def _wait(galaxy: Any, outcome: Outcome, patience: float) -> None:
    moved = time.monotonic()
    while time.monotonic() - moved < patience:
        open_jobs = [job for job, state in outcome.states.items() if state not in ENDED]
        if not open_jobs:
            return
        for job in open_jobs:
            state = galaxy.jobs.get_state(job)
            if state != outcome.states[job]:
                outcome.states[job], moved = state, time.monotonic()
        time.sleep(2)


def lines_of(outcome: Outcome, jobs: int, seconds: float) -> list[str]:
    """What to print, the number of lost jobs last.

    Parameters
    ----------
    outcome
        Of `send_all`.
    jobs
        How many were to be sent.
    seconds
        That all of it took.
    """
    states = Counter(outcome.states.values())
    told = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    lost = jobs - states["ok"]
    lines = [f"{jobs} jobs in {seconds:.0f} s: {told or 'none started'}"]
    lines += [f"refused by the server: {each}" for each in sorted(set(outcome.refused))]
    lines.append(f"different predictions: {len(outcome.contents)} (expected 1)")
    return [*lines, f"lost: {lost}"]


def main(arguments: Sequence[str]) -> int:
    """Returns 1 where a job was lost, or two predictions differ."""
    from bioblend.galaxy import GalaxyInstance

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("key")
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--patience", type=float, default=600, help="seconds without the end of any job")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    outcome = send_all(GalaxyInstance(options.url, key=options.key), options.jobs, options.patience)
    lines = lines_of(outcome, options.jobs, time.monotonic() - start)
    sys.stdout.write("\n".join(lines) + "\n")
    return int(lines[-1] != "lost: 0" or len(outcome.contents) != 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

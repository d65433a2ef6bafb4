"""Units on a Dask cluster of real processes: the bytes of a run without it, data sent once, workers that are lost."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
import types
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse import cli
from drugresponse.cluster.client import open_client
from drugresponse.errors import InputError
from drugresponse.learners.base import PairRegressor
from drugresponse.simulation.files import write_cohort
from drugresponse.threads import count_jobs
from drugresponse.units import units_in_order, units_on
from tests.stored_genotypes import stored


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with open_client("local:2") as client:
        yield client


@pytest.fixture(scope="module")
def cohort() -> dr.Cohort:
    return dr.simulate_cohort(n_samples=80, n_drugs=3, n_features=20)


@pytest.fixture(scope="module")
def files(cohort, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    write_cohort(cohort, folder)
    return folder


def pids(client: Any) -> list[int]:
    return sorted(client.run(os.getpid).values())


def note(path: Path, words: object) -> None:
    """One line in one write, from whichever process."""
    with path.open("a") as file:
        file.write(f"{words}\n")


class Arrival:
    """Data that note in which process they arrive."""

    def __init__(self, path: Path, number: int = 0) -> None:
        self.path, self.number = path, number

    def __reduce__(self) -> tuple[Any, ...]:
        return arrive, (self.path, self.number)


def arrive(path: Path, number: int) -> Arrival:
    note(path, os.getpid())
    return Arrival(path, number)


def add(item: int, data: Arrival) -> int:
    return item + data.number


def work_on(item: int, data: Arrival, folder: Path, victims: tuple[int, ...]) -> int:
    """A unit that ends its own process where its item is a victim that has not done so before."""
    note(folder / "begun", item)
    died = folder / f"died_{item}"
    if item in victims and not died.exists():
        died.touch()
        # both victims run when the first dies
        deadline = time.monotonic() + 20
        while not all((folder / f"died_{each}").exists() for each in victims) and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    return item + data.number


class Mortal(PairRegressor):
    """A learner whose first fit of all ends its process in the middle of the work."""

    def __init__(self, folder: str = "", mortal: bool = True) -> None:
        self.folder, self.mortal = folder, mortal

    def fit(self, pairs: Any, y: Any, sample_weight: Any = None) -> Mortal:
        folder = Path(self.folder)
        note(folder / "fits", len(y))
        if self.mortal and not (folder / "died").exists():
            (folder / "died").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, pairs: Any) -> Any:
        return np.full(len(pairs), self.mean_)

    def get_state(self) -> Any:
        raise NotImplementedError

    @classmethod
    def from_state(cls, state: Any, **settings: Any) -> Mortal:
        raise NotImplementedError


def words(files: Path, folder: Path, *more: str) -> list[str]:
    given = [f"--{name}={files / name}.tsv" for name in ("genotypes", "responses")]
    outputs = [f"--{name}={folder / name}" for name in ("metrics", "predictions", "report")]
    learners = ["--learner", "ridge", "random-forest", "--trees=3", "--folds=2", "--shuffles=20", "--threads=1"]
    return ["evaluate", *given, *outputs, *learners, *more]


def test_evaluate__on_a_cluster_writes_the_same_bytes_and_counts_units(files, tmp_path, capfd):
    local, there, resume = tmp_path / "local", tmp_path / "there", tmp_path / "resume"
    local.mkdir()
    there.mkdir()
    assert cli.main(words(files, local)) == 0
    capfd.readouterr()
    assert cli.main(words(files, there, "--dask=local:2", f"--resume={resume}")) == 0
    for name in ("metrics", "predictions", "report"):
        assert (there / name).read_bytes() == (local / name).read_bytes()
    said = capfd.readouterr().err.splitlines()
    assert [line for line in said if not line.startswith("drugresponse evaluate: ")] == []
    assert sum("of 6 units)" in line for line in said) == 6
    assert said.count("drugresponse evaluate: 44 of 44 fits of the permutation check") == 1
    assert len(list(resume.glob("*.npz"))) == 6


def test_train_and_explain__on_a_cluster_give_the_same_bytes(client, cohort, tmp_path):
    tables = {"drugs": cohort.drugs, "samples": cohort.samples}
    files, attributions = [], []
    for cluster in (None, client):
        model = dr.DrugResponseModel("auto", folds=2, trees=3, most_fits=12, n_jobs=2)
        model.fit(cohort.genotypes, cohort.responses, **tables, client=cluster)
        path = tmp_path / f"{cluster is None}.safetensors"
        model.save(path)
        files.append(path.read_bytes())
        explained = dr.explain(
            model, cohort.genotypes, cohort.responses, **tables, refits=2, refit_learner="ridge", client=cluster
        )
        attributions.append(explained.attributions)
    assert files[0] == files[1]
    assert model.regressor_.weights_
    pd.testing.assert_frame_equal(*attributions, check_exact=True)


def test_resume__units_that_are_done_are_not_sent(client, cohort, tmp_path):
    (tmp_path / "units").mkdir()
    asked = {"learners": {"mine": Mortal(str(tmp_path), mortal=False)}, "folds": 3, "shuffles": 0, "n_jobs": 1}
    first, second = (
        dr.evaluate(cohort.genotypes, cohort.responses, **asked, resume=tmp_path / "units", client=cluster)
        for cluster in (None, client)
    )
    assert len((tmp_path / "fits").read_text().splitlines()) == 3
    pd.testing.assert_frame_equal(first.predictions, second.predictions, check_exact=True)


def test_data__travel_once_to_each_worker(client, tmp_path):
    data, others = Arrival(tmp_path / "data", 7), Arrival(tmp_path / "others", 9)
    with units_on(client):
        for _ in range(2):
            assert units_in_order(add, range(12), {"data": data}, 1) == list(range(7, 19))
        # by then Dask's own housekeeping would have dropped copies that no unit waits for
        time.sleep(3)
        # equal content is not sent again
        equal = Arrival(tmp_path / "data", 7)
        assert units_in_order(add, range(12), {"data": equal}, 1) == list(range(7, 19))
        assert units_in_order(add, [0], {"data": others}, 1) == [9]
    for path in (data.path, others.path):
        arrivals = map(int, path.read_text().split())
        # what is here is copied to make a digest of it
        assert sorted(pid for pid in arrivals if pid != os.getpid()) == pids(client)


def test_worker__that_is_killed_costs_its_unit_alone(client, cohort, tmp_path):
    before = pids(client)
    there, here = tmp_path / "there", tmp_path / "here"
    summaries = []
    for folder, cluster in ((there, client), (here, None)):
        folder.mkdir()
        learners = {"mortal": Mortal(str(folder), mortal=cluster is not None)}
        asked = {"learners": learners, "folds": 5, "repeats": 2, "shuffles": 0, "n_jobs": 1}
        summaries.append(dr.evaluate(cohort.genotypes, cohort.responses, **asked, client=cluster))
    pd.testing.assert_frame_equal(summaries[0].predictions, summaries[1].predictions, check_exact=True)
    pd.testing.assert_frame_equal(summaries[0].metrics, summaries[1].metrics, check_exact=True)
    fits, again = (Counter((folder / "fits").read_text().splitlines()) for folder in (here, there))
    assert fits.total() == 10
    assert (again - fits).total() == 1
    client.wait_for_workers(2)
    assert len(set(pids(client)) - set(before)) == 1


def test_data__that_are_lost_with_every_worker_are_sent_again(client, tmp_path):
    client.wait_for_workers(2)
    data, begun = Arrival(tmp_path / "data", 1), tmp_path / "begun"
    with units_on(client):
        made = units_in_order(work_on, range(6), {"data": data, "folder": tmp_path, "victims": (0, 1)}, 1)
    assert made == list(range(1, 7))
    assert set(Counter(begun.read_text().split())) == set("012345")
    assert {path.name for path in tmp_path.glob("died_*")} == {"died_0", "died_1"}


def warn(item: int) -> int:
    if item == 1:
        logging.getLogger("drugresponse.learners").warning("unit %d is odd", item)
    return count_jobs(-1)


def refuse(item: int) -> int:
    raise InputError(f"item: found {item}. Give another.")


def test_unit__warns_and_refuses_as_it_does_here(client, caplog):
    with units_on(client):
        assert units_in_order(warn, range(3), {}, 1) == [1, 1, 1]
        assert caplog.messages == ["unit 1 is odd"]
        with pytest.raises(InputError, match=r"^item: found 0\. Give another\.$"):
            units_in_order(refuse, [0], {}, 1)


def set_version(version: str | None) -> None:
    """In a worker: another version, or none, as where this package cannot be imported."""
    module = types.ModuleType("drugresponse.version")
    module.__version__ = version
    sys.modules[module.__name__] = None if version is None else module


def set_version_of_units(version: str) -> None:
    from drugresponse.cluster import _unit

    _unit.__version__ = version


@pytest.mark.parametrize(
    ("change", "version", "what"),
    [
        (set_version, "9.9", r"the worker at .* runs drugresponse 9\.9"),
        (set_version, None, "the worker at .* cannot import drugresponse"),
        (set_version_of_units, "9.9", r"a worker runs drugresponse 9\.9"),
    ],
)
def test_worker__of_another_version_is_refused(client, cohort, change, version, what):
    """Also one that joins when units run already."""
    client.run(change, version)
    try:
        expected = rf"^dask: {what} \(expected version 0\.1\.0, as here\)\. Install it there"
        with pytest.raises(InputError, match=expected):
            dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], shuffles=0, client=client)
    finally:
        client.run(change, dr.__version__)


def test_client__that_is_none_is_refused(cohort):
    with pytest.raises(InputError, match=r'^`client`: found "tcp://x:1" \(expected a dask\.distributed\.Client'):
        dr.DrugResponseModel("ridge").fit(cohort.genotypes, cohort.responses, client="tcp://x:1")


def test_stored_genotypes__give_the_same_on_a_cluster(client, cohort):
    kept = stored(cohort.genotypes)
    asked = {"learners": ["ridge"], "folds": 2, "shuffles": 0, "n_jobs": 1}
    here, there = (dr.evaluate(kept, cohort.responses, **asked, client=cluster) for cluster in (None, client))
    assert kept.is_stored
    pd.testing.assert_frame_equal(here.predictions, there.predictions, check_exact=True)

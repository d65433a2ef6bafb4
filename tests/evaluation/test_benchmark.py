"""Units of learner and fold: blind to test rows, the same on any number of processes, and found again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.errors import DrugResponseError, InputError
from drugresponse.evaluation import benchmark
from drugresponse.evaluation.benchmark import run_units
from drugresponse.evaluation.folds import folds_of_table, plan_folds
from drugresponse.evaluation.units import contenders
from drugresponse.learners.base import PairRegressor, State
from drugresponse.simulation.cohort import simulate_cohort


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    cohort = simulate_cohort(n_samples=60, n_drugs=5, n_features=20)
    return join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, cohort.samples)


@pytest.fixture(scope="module")
def folds(rows: TrainingRows):
    return folds_of_table(rows.pairs, plan_folds(rows.pairs, "new-samples", 3, 1, 0))


class Own(PairRegressor):
    """A learner of the user's own, which notes how many samples its encoder could see."""

    seen: list[int] = []  # noqa: RUF012

    def __init__(self, alpha: float = 1.0, decline: bool = False) -> None:
        self.alpha = alpha
        self.decline = decline

    def fit(self, pairs: Any, y: Any, sample_weight: Any = None) -> Own:
        Own.seen.append(len(pairs.genotypes.sample_ids))
        self.model_ = Ridge(self.alpha).fit(pairs.genotypes.dense()[pairs.sample_index], y)
        return self

    def predict(self, pairs: Any) -> Any:
        predicted = self.model_.predict(pairs.genotypes.dense()[pairs.sample_index])
        return np.where(np.arange(len(predicted)) == 0, np.nan, predicted) if self.decline else predicted

    def get_state(self) -> State:
        raise NotImplementedError

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> Own:
        raise NotImplementedError


def test_units__an_encoder_sees_no_test_sample(rows: TrainingRows, folds) -> None:
    Own.seen.clear()
    run_units(rows, folds, contenders({"own": Own()}, {}), "new-samples")
    assert Own.seen == [len(np.unique(rows.pairs.sample_index[fold.train])) for fold in folds]
    assert max(Own.seen) < len(rows.pairs.genotypes.sample_ids)


def test_units__a_learner_may_not_decline_rows(rows: TrainingRows, folds) -> None:
    with pytest.raises(DrugResponseError, match="own: repeat 0, fold 0: a prediction is missing"):
        run_units(rows, folds, contenders({"own": Own(decline=True)}, {}), "new-samples")


def test_units__unknown_learner_is_named(rows: TrainingRows) -> None:
    with pytest.raises(InputError, match=r'"rigde" is unknown\. Did you mean "ridge"'):
        contenders(["rigde"], {})


def test_units__processes_do_not_change_the_result(rows: TrainingRows, folds) -> None:
    asked = contenders(["covariates", "ridge"], {"scheme": "new-samples"})
    one, two = (run_units(rows, folds, asked, "new-samples", n_jobs=n) for n in (1, 2))
    assert np.array_equal(one[0].predicted, two[0].predicted, equal_nan=True)
    pd.testing.assert_frame_equal(one[1], two[1])


def test_units__every_held_out_row_is_in_the_table_once(rows: TrainingRows, folds) -> None:
    evaluation, table = run_units(rows, folds, contenders(["ridge"], {}), "new-samples")
    assert not table.duplicated(["sample_id", "drug_id", "repeat", "learner"]).any()
    assert len(table) == len(rows.y)
    assert (evaluation.fold >= 0).all()
    assert np.isfinite(evaluation.predicted).all()
    measured = pd.Series(rows.y, index=pd.MultiIndex.from_arrays([rows.pairs.sample_ids, rows.pairs.drug_ids]))
    keys = pd.MultiIndex.from_frame(table[["sample_id", "drug_id"]])
    assert np.array_equal(table["response"], measured[keys])
    assert not table["sample_seen"].any()
    assert table["drug_seen"].all()


def test_resume__goes_on_where_a_killed_run_stopped(rows: TrainingRows, folds, tmp_path, monkeypatch) -> None:
    asked = contenders(["covariates", "ridge"], {"scheme": "new-samples"})
    whole = run_units(rows, folds, asked, "new-samples")
    done: list[Any] = []
    limit = [4]
    true_unit = benchmark.run_unit

    def killed_after_four(*unit: Any) -> Any:
        if len(done) == limit[0]:
            raise TimeoutError
        done.append(unit)
        return true_unit(*unit)

    monkeypatch.setattr(benchmark, "run_unit", killed_after_four)
    with pytest.raises(TimeoutError):
        run_units(rows, folds, asked, "new-samples", resume=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 4
    limit[0] = 6
    resumed = run_units(rows, folds, asked, "new-samples", resume=tmp_path)
    assert len(done) == 6, "finished units must not run again"
    assert np.array_equal(whole[0].predicted, resumed[0].predicted, equal_nan=True)
    pd.testing.assert_frame_equal(whole[1], resumed[1])


def test_resume__other_settings_find_nothing(rows: TrainingRows, folds, tmp_path) -> None:
    run_units(rows, folds, contenders(["ridge"], {"rank": 2}), "new-samples", resume=tmp_path)
    run_units(rows, folds, contenders(["ridge"], {"rank": 3}), "new-samples", resume=tmp_path)
    assert len(list(tmp_path.glob("*.npz"))) == 2 * len(folds)


DAMAGE = {
    "truncated": lambda content: content[:200],
    "empty": lambda content: b"",
    "no archive": lambda content: b"text",
    "another number": lambda content: content.replace(content[200:208], bytes(8)),
}


@pytest.mark.parametrize("damage", [*DAMAGE, "of another unit", "without checksum"])
def test_resume__a_damaged_unit_is_made_again_and_said(rows: TrainingRows, folds, tmp_path, caplog, damage) -> None:
    asked = contenders(["ridge"], {"scheme": "new-samples"})
    whole = run_units(rows, folds, asked, "new-samples", resume=tmp_path)
    first, second, _ = sorted(tmp_path.glob("*.npz"))
    before = first.read_bytes()
    if damage in DAMAGE:
        first.write_bytes(DAMAGE[damage](before))
        assert first.read_bytes() != before
    elif damage == "of another unit":
        first.write_bytes(second.read_bytes())
    else:
        with np.load(first) as arrays:
            np.savez(first, predicted=arrays["predicted"] + 1, found=arrays["found"])
    resumed = run_units(rows, folds, asked, "new-samples", resume=tmp_path)
    assert np.array_equal(whole[0].predicted, resumed[0].predicted, equal_nan=True)
    assert f'"{first.name}"' in caplog.text
    assert "made again" in caplog.text
    assert first.read_bytes() == before
    assert sorted(each.suffix for each in tmp_path.iterdir()) == [".npz"] * 3


def test_resume__several_runs_at_once_in_one_folder(rows: TrainingRows, folds, tmp_path) -> None:
    """A run that is told to begin writes its units while others write the same ones."""
    asked = contenders(["ridge"], {"scheme": "new-samples"})
    whole = run_units(rows, folds, asked, "new-samples")
    with ThreadPoolExecutor(4) as threads:
        runs = [threads.submit(run_units, rows, folds, asked, "new-samples", resume=tmp_path) for _ in range(4)]
        for each in runs:
            assert np.array_equal(whole[0].predicted, each.result()[0].predicted, equal_nan=True)
    assert sorted(each.suffix for each in tmp_path.iterdir()) == [".npz"] * 3


def test_resume__a_file_in_place_of_the_folder(rows: TrainingRows, folds, tmp_path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"^resume: cannot make .*file \(File exists\)\. Name another folder\.$"):
        run_units(rows, folds, contenders(["ridge"], {}), "new-samples", resume=tmp_path / "file")

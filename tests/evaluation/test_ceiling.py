from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.tables import Responses
from drugresponse.evaluation._ceiling import noise_ceiling

N_SAMPLES, N_DRUGS = 400, 6


def measured(noise_sd: float, measurements, *, seed: int = 0, censor: str = "none"):
    """Responses whose truth within drugs has variance 1, each pair measured as often as told; and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1, (N_SAMPLES, N_DRUGS)) + 5 * np.arange(N_DRUGS)
    sample, drug = (each.ravel() for each in np.indices(truth.shape))
    at = np.repeat(np.arange(truth.size), np.resize(measurements, truth.size))
    table = pd.DataFrame(
        {
            "sample_id": [f"s{i:03d}" for i in sample[at]],
            "drug_id": [f"d{j}" for j in drug[at]],
            "response": truth[sample[at], drug[at]] + rng.normal(0, noise_sd, len(at)),
            "censor": censor,
        }
    )
    return Responses.build(table, outcome="continuous"), truth


def joined(responses: Responses) -> TrainingRows:
    samples = sorted(set(responses.table["sample_id"]))
    return join_training_rows(Genotypes.from_dense(np.ones((len(samples), 1)), samples, ["g"]), responses, None, None)


@pytest.mark.parametrize("measurements", [[2], [1, 2], [1, 1, 1, 3]])
def test_noise_ceiling__is_what_a_perfect_predictor_reaches(measurements):
    responses, truth = measured(0.8, measurements)
    rows = joined(responses)
    ceiling = noise_ceiling(responses, rows)
    assert ceiling.n_pairs == sum(np.resize(measurements, truth.size) > 1)
    assert ceiling.noise_sd == pytest.approx(0.8, rel=0.06)
    assert ceiling.reliability == pytest.approx(1 / (1 + 0.64 * np.mean(1 / np.array(measurements))), abs=0.03)
    perfect = truth[rows.pairs.sample_index, rows.pairs.drug_index]
    table = pd.DataFrame({"drug": rows.pairs.drug_index, "perfect": perfect, "y": rows.y})
    reached = [np.corrcoef(each["perfect"], each["y"])[0, 1] for _, each in table.groupby("drug")]
    assert ceiling.highest_pearson == pytest.approx(np.mean(reached), abs=0.02)
    assert ceiling.highest_pearson == pytest.approx(np.sqrt(ceiling.reliability))


def test_noise_ceiling__differences_between_drugs_are_no_signal():
    responses, _ = measured(0.8, [2])
    far = responses.table.assign(response=responses.table["response"] + 100 * (responses.table["drug_id"] == "d1"))
    moved = Responses(far, replicates=responses.replicates)
    assert noise_ceiling(moved, joined(moved)).reliability == pytest.approx(
        noise_ceiling(responses, joined(responses)).reliability
    )


def test_noise_ceiling__nothing_but_noise_is_0_and_no_noise_is_1():
    rng = np.random.default_rng(1)
    pairs = pd.DataFrame({"sample_id": [f"s{i}" for i in range(200)], "drug_id": "d"})
    noise = Responses.build(pd.concat([pairs.assign(response=rng.normal(size=200)) for _ in range(2)]))
    assert noise_ceiling(noise, joined(noise)).reliability == pytest.approx(0, abs=0.15)
    exact, _ = measured(0.0, [2])
    assert noise_ceiling(exact, joined(exact)).reliability == 1
    opposite = Responses.build(
        pd.concat([pairs.assign(response=sign * 5 + 0.1 * np.arange(200) / 200) for sign in (-1, 1)])
    )
    assert noise_ceiling(opposite, joined(opposite)).reliability == 0


def test_noise_ceiling__pools_the_variance_by_degrees_of_freedom():
    rows = [(f"s{i:02d}", "d", float(10 * i + shift)) for i in range(8) for shift in (-1, 1)]
    rows += [(f"s{i:02d}", "d", float(10 * i + shift)) for i in range(8, 12) for shift in (-9, -3, 3, 9)]
    responses = Responses.build(pd.DataFrame(rows, columns=["sample_id", "drug_id", "response"]))
    ceiling = noise_ceiling(responses, joined(responses))
    pooled = (8 * 2 + 4 * 180) / (8 * 1 + 4 * 3)
    assert ceiling.noise_sd == pytest.approx(np.sqrt(pooled))
    expected = 1 - pooled * (8 / 2 + 4 / 4) / 12 / np.var(10 * np.arange(12), ddof=1)
    assert ceiling.reliability == pytest.approx(expected)


def test_noise_ceiling__none_under_10_repeated_pairs():
    few, _ = measured(0.8, [2] * 9 + [1] * (N_SAMPLES * N_DRUGS - 9))
    enough, _ = measured(0.8, [2] * 10 + [1] * (N_SAMPLES * N_DRUGS - 10))
    assert noise_ceiling(few, joined(few)) is None
    assert noise_ceiling(enough, joined(enough)).n_pairs == 10


def test_noise_ceiling__censored_pairs_are_not_asked():
    censored, _ = measured(0.8, [2], censor="right")
    assert noise_ceiling(censored, joined(censored)) is None


def test_noise_ceiling__is_of_measured_numbers_alone():
    numbers, _ = measured(0.8, [2])
    rows = pd.concat([numbers.table, numbers.table])
    classes = Responses.build(rows.assign(response=np.where(rows["response"] > 12, "R", "S")))
    assert len(classes.replicates) > 100
    assert noise_ceiling(classes, joined(classes)) is None

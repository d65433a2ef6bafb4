"""New genotypes in the terms of a model: brought there once, and the predictions are the same to the last bit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import as_responses
from drugresponse.errors import InputError
from drugresponse.features.alignment import align
from drugresponse.learners.stack.stack import AutoLearner
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel
from drugresponse.model.requests.genotypes import as_trained
from drugresponse.model.requests.requests import Tables

SITES = 12
GENES = ("g0", "g1", "g2")
SAMPLES = [f"s{at:02d}" for at in range(40)]


def sites() -> pd.DataFrame:
    """Dosages of variants, and two blocks with the same three ids."""
    ids = [f"rs{at}" for at in range(SITES)]
    variants = pd.DataFrame({"chromosome": "1", "position": np.arange(SITES) + 100, "ref": "A", "alt": "C"}, index=ids)
    genes = [pd.DataFrame({"block": block, "kind": "altered"}, index=list(GENES)) for block in ("mutation", "loss")]
    return pd.concat([variants.assign(block="dosage", kind="dosage"), *genes])


def drawn_calls(n_samples: int, seed: int) -> np.ndarray:
    """Imputed dosages, altered genes, and missing calls."""
    rng = np.random.default_rng(seed)
    dosage = rng.uniform(0, 2, (n_samples, SITES))
    genes = rng.integers(0, 2, (n_samples, 2 * len(GENES)))
    calls = np.hstack([dosage, genes]).astype(np.float32)
    calls[rng.random(calls.shape) < 0.05] = np.nan
    return calls


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    calls = drawn_calls(len(SAMPLES), 0)
    genotypes = Genotypes.build(calls, SAMPLES, sites())
    known = np.nan_to_num(calls)
    rng = np.random.default_rng(1)
    parts = [
        pd.DataFrame({"sample_id": SAMPLES, "drug_id": f"d{at}", "response": known @ rng.normal(size=known.shape[1])})
        for at in range(3)
    ]
    samples = pd.DataFrame({"arm": list("AB") * 20}, index=pd.Index(SAMPLES, name="sample_id"))
    return join_training_rows(genotypes, as_responses(pd.concat(parts)), None, samples, arm="arm")


@pytest.fixture(scope="module")
def auto(rows: TrainingRows) -> AutoLearner:
    shares = dict.fromkeys(("covariates", "ridge", "boosted-trees", "random-forest", "neural"), 0.2)
    return AutoLearner(rank=2, trees=5, epochs=2).fit_weighed(rows.pairs, rows.y, rows.weights, shares)


def new_samples(change: str) -> Genotypes:
    table, calls = sites(), drawn_calls(8, 2)
    if change == "swapped alleles":
        swapped = np.arange(len(table)) % 2 == 0
        swapped &= (table["kind"] == "dosage").to_numpy()
        table = table.assign(ref=table["ref"].mask(swapped, "C"), alt=table["alt"].mask(swapped, "A"))
        table = table.set_axis(
            [f"x{at}" if table["kind"].iloc[at] == "dosage" else n for at, n in enumerate(table.index)]
        )
    if change == "absent features":
        table, calls = table.iloc[3:-1], calls[:, 3:-1]
    if change == "more features":
        table = pd.concat([table, table.iloc[:4].assign(position=[7, 8, 9, 10]).set_axis(list("wxyz"))])
        calls = np.hstack([calls, calls[:, :4]])
    if change == "a conflict":
        table = table.assign(alt=["G" if name == "rs4" else alt for name, alt in table["alt"].items()])
    return Genotypes.build(calls, [f"n{at}" for at in range(8)], table)


CHANGES = ("none", "swapped alleles", "absent features", "more features", "a conflict")


@pytest.mark.parametrize("change", CHANGES)
def test_as_trained__every_learner_predicts_the_same_bits(change: str, auto: AutoLearner, rows: TrainingRows) -> None:
    new, trained = new_samples(change), auto.trained_features()
    assert trained.index.duplicated().any()
    alignment = align(new.features, trained)
    assert alignment.turned.any() == (change == "swapped alleles")
    arms = pd.DataFrame({"arm": list("ABABABAB")}, index=new.sample_ids, dtype=object)
    looked_up = Pairs.grid(new, arms, rows.pairs.drugs)
    aligned = replace(looked_up, genotypes=as_trained(new, trained, alignment))
    assert aligned.genotypes.features.equals(trained)
    for name, member in auto.members_.items():
        np.testing.assert_allclose(
            member.predict(aligned), member.predict(looked_up), err_msg=name, rtol=1e-5, atol=1e-6
        )
    np.testing.assert_allclose(auto.predict(aligned), auto.predict(looked_up), rtol=1e-5, atol=1e-6)


def test_as_trained__nothing_to_do() -> None:
    new = new_samples("none")
    assert as_trained(new, new.features, align(new.features, new.features)) is new
    nothing = new.features.iloc[:0]
    assert as_trained(new, nothing, align(new.features, nothing)) is new


class _Watched(AutoLearner):
    """Notes the genotypes that it is asked about."""

    def predict(self, pairs: Pairs) -> np.ndarray:
        self.asked_ = pairs.genotypes
        return super().predict(pairs)


def test_predict__learners_are_asked_in_the_terms_of_the_model(auto: AutoLearner, rows: TrainingRows) -> None:
    table = rows.pairs.genotypes
    responses = pd.DataFrame({"sample_id": SAMPLES, "drug_id": "d0", "response": np.arange(40.0)})
    model = DrugResponseModel("ridge", folds=0).fit(table, responses)
    expected = model.predict(new_samples("absent features"))["features_found"]
    watched = _Watched(rank=2).fit_weighed(rows.pairs, rows.y, rows.weights, {"ridge": 1.0})
    watched.members_["ridge"] = model.regressor_
    model.parts_ = replace(model.parts_, regressor=watched)
    new = new_samples("absent features")
    told = model.predict(new)
    assert watched.asked_.features is table.features
    # what is absent is told of the file, not of the genotypes that were brought to the model's terms
    np.testing.assert_array_equal(told["features_found"], expected)
    assert told["features_found"].max() < 1


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (["n9"], r"^samples: none of its 1 sample is among those of the genotypes"),
        (["n8", "n9"], r"^samples: none of its 2 samples is among those of the genotypes"),
    ],
)
def test_tables__samples_of_others(samples: list[str], message: str) -> None:
    model = fitted_on(people(arm=["A", "B"] * 20), covariates=["arm"])
    table = pd.DataFrame({"arm": "A"}, index=pd.Index(samples, name="sample_id"))
    with pytest.raises(InputError, match=message):
        Tables.of(None, table, None).join(model.parts_, new_samples("none"))


def test_tables__other_spellings_are_told_of(caplog: pytest.LogCaptureFixture) -> None:
    genotypes = new_samples("none")
    first, second = genotypes.sample_ids[:2]
    table = pd.DataFrame({"arm": "A"}, index=pd.Index([first, second.upper(), *genotypes.sample_ids[2:]]))
    trained = pd.DataFrame({"smiles": ""}, index=pd.Index(["Erlotinib"], name="drug_id"))
    parts = replace(fitted_on(people(arm=["A", "B"] * 20), covariates=["arm"]).parts_, drugs=trained)
    drugs = pd.DataFrame({"smiles": ["C"]}, index=pd.Index(["erlotinib"], name="drug_id"))
    asked = pd.DataFrame({"sample_id": [f"{first}\u00a0"], "drug_id": ["erlotinib"]})
    pairs = Tables.of(drugs, table, asked).join(parts, genotypes)
    assert pairs.sample_ids.tolist() == [first]
    assert f'"{second}" may be "{second.upper()}"' in caplog.text
    assert '"erlotinib" may be "Erlotinib"' in caplog.text


def fitted_on(samples: pd.DataFrame, **settings: object) -> DrugResponseModel:
    rng = np.random.default_rng(3)
    genotypes = Genotypes.from_dense(rng.integers(0, 2, (len(samples), 6)), samples.index, [f"g{i}" for i in range(6)])
    shift = pd.factorize(samples.iloc[:, 0])[0]
    table = pd.DataFrame({"sample_id": samples.index, "response": shift + 0.1 * rng.normal(size=len(samples))})
    return DrugResponseModel("ridge", folds=0, **settings).fit(genotypes, table, samples=samples)


def people(**columns: object) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=pd.Index([f"p{i:02d}" for i in range(n)], name="sample_id"))


def predicted(model: DrugResponseModel, samples: pd.DataFrame) -> np.ndarray:
    genotypes = Genotypes.from_dense(np.zeros((len(samples), 6)), samples.index, [f"g{i}" for i in range(6)])
    return model.predict(genotypes, samples=samples)["prediction"].to_numpy()


@pytest.mark.parametrize("loaded", [False, True])
def test_predict__levels_of_one_sample_are_one_and_new_ones_are_told(loaded, tmp_path, caplog):
    model = fitted_on(people(tissue=["lung"] * 20 + ["skin"] * 17 + ["eye", "bone", "thymus"]))
    if loaded:
        model.save(tmp_path / "m.safetensors")
        model = load_model(tmp_path / "m.safetensors")
    lung, eye, bone, new, unknown = predicted(model, people(tissue=["lung", "eye", "bone", "kidney", ""]))
    assert eye == bone != lung
    assert new == unknown
    assert 'column "tissue": 1 of 5 samples have a text that training had not' in caplog.text


def test_predict__covariates_are_found_however_their_names_are_written():
    model = fitted_on(people(**{"Smoking Status": ["ever", "never"] * 20}))
    assert model.parts_.covariates == ["Smoking Status"]
    first, second = predicted(model, people(smoking_status=["ever", "never"]))
    assert second - first == pytest.approx(1.0, abs=0.2)


def test_predict__text_where_training_had_numbers_is_told(caplog):
    model = fitted_on(people(age=list(range(40))), covariates=["age"])
    predicted(model, people(age=["35", "40 years"]))
    assert 'column "age": 1 of 2 samples are no numbers, as they were in training ("40 years")' in caplog.text


def test_fit__says_which_columns_are_not_used():
    told = fitted_on(people(race=["a", "b"] * 20, died=[0, 1] * 20, diet=["x", "y"] * 20)).manifest_
    assert told["covariates"] == ["race"]
    assert told["unused_columns"] == {"may be an outcome": ["died"], "no usual covariate": ["diet"]}

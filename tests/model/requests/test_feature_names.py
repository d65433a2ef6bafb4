"""Features that new samples have under another name are told of, and not taken."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.model.model import DrugResponseModel

GENES = [f"ENSG000001415{at}" for at in range(10, 22)]
SAMPLES = [f"s{at:02d}" for at in range(30)]


@pytest.fixture(scope="module")
def model() -> DrugResponseModel:
    rng = np.random.default_rng(4)
    values = pd.DataFrame(rng.normal(5, 1, (30, len(GENES))), index=SAMPLES, columns=[f"{gene}.12" for gene in GENES])
    responses = pd.DataFrame({"sample_id": SAMPLES, "drug_id": "D", "response": values.sum(axis=1).to_numpy()})
    return DrugResponseModel("ridge", folds=0).fit(values, responses)


def new(names: list[str]) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(5).normal(5, 1, (3, len(names))), index=list("abc"), columns=names)


@pytest.mark.parametrize(
    "spelling", ["{}", "{}.15", "{} (7157)", "{}.12|7157"], ids=["no version", "another", "Entrez", "bar"]
)
def test_predict__a_gene_under_another_name_is_told_of(model, caplog, spelling):
    names = [f"{GENES[0]}.12", *(spelling.format(gene) for gene in GENES[1:])]
    predictions = model.predict(new(names), minimum_features=0.0)
    assert (predictions["features_found"] < 0.5).all()
    assert (
        f'11 features of the model are absent, and may be here under another name: "{GENES[1]}.12" may be'
        in caplog.text
    )


def test_predict__several_genes_of_one_plain_name_are_not_guessed(model, caplog):
    names = [f"{gene}.12" for gene in GENES[1:]]
    model.predict(new([*names, f"{GENES[0]}.3", f"{GENES[0]}.4"]))
    assert "another name" not in caplog.text


def test_predict__no_feature_of_the_model_shows_some_of_both_sides(model, caplog):
    model.predict(new(["TP53", "EGFR"]))
    assert f'none of the 12 features of the model is here. For example "{GENES[0]}.12"' in caplog.text
    assert '"EGFR", "TP53" here' in caplog.text

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.errors import InputError
from drugresponse.explanation.explain import explain
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel

N = 30
RNG = np.random.default_rng(0)
IDS = pd.Index([f"s{at}" for at in range(N)], name="sample_id")
RNA = pd.DataFrame(RNG.normal(size=(N, 4)), IDS, ["A", "B", "C", "D"])
DNA = pd.DataFrame(RNG.integers(0, 2, (N, 4)), IDS, ["A", "B", "C", "E"])
RESPONSES = pd.DataFrame({"sample_id": IDS, "drug_id": "d", "response": 2 * RNA["A"].to_numpy() + DNA["B"].to_numpy()})


@pytest.fixture(scope="module")
def model():
    return DrugResponseModel("ridge", folds=0).fit({"rna": RNA, "dna": DNA}, RESPONSES)


def test_predict__blocks_are_asked_for_by_name(model, tmp_path):
    whole = model.predict({"dna": DNA, "rna": RNA})["prediction"]
    assert np.corrcoef(whole, RESPONSES["response"])[0, 1] > 0.9
    for blocks, words in (
        (RNA, 'a block without a name .* blocks "dna", "rna"'),
        ({"rnas": RNA}, 'block "rnas" .* Did you mean "rna"'),
        ({"methylation": RNA[["D"]], "dna": DNA}, 'the block "methylation" with 1 feature'),
    ):
        with pytest.raises(InputError, match=words):
            model.predict(blocks)
    model.save(tmp_path / "m.safetensors")
    read = load_model(tmp_path / "m.safetensors")
    np.testing.assert_allclose(read.predict({"rna": RNA, "dna": DNA})["prediction"], whole)


def test_explain__blocks_are_asked_for_by_name_too(model):
    told = explain(model, {"rna": RNA, "dna": DNA}, RESPONSES, refits=0)
    assert told.attributions.iloc[0]["feature_id"] == "A"
    with pytest.raises(InputError, match="a block without a name"):
        explain(model, RNA, RESPONSES, refits=0)


def test_predict__a_block_that_the_model_lacks_is_let_be(model):
    more = model.predict({"rna": RNA, "dna": DNA, "methylation": RNA + 3})
    pd.testing.assert_frame_equal(more, model.predict({"rna": RNA, "dna": DNA}))


def test_predict__a_feature_of_one_named_block_is_never_that_of_another(model):
    swapped = as_genotypes({"rna": RNA[["A", "B", "C"]].assign(E=9.0), "dna": DNA[["A", "B", "C"]]})
    found = model.features_found(swapped)
    assert found.max() < 1 - 1e-6
    assert model.features_found({"rna": RNA, "dna": DNA}).min() > 1 - 1e-6

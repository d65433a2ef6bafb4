"""Samples that lack a block: predicted from the rest, flagged, and within bounds that are wide enough."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.description import block_words
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel

N, N_TRAINED = 140, 90
RNG = np.random.default_rng(3)
IDS = pd.Index([f"s{at}" for at in range(N)], name="sample_id")
BLOCKS = {name: pd.DataFrame(RNG.normal(size=(N, 4)), IDS, list("ABCD")) for name in ("copy_number", "rna")}
SIGNAL = 2 * BLOCKS["rna"]["A"] + BLOCKS["copy_number"]["B"]
RESPONSES = pd.DataFrame(
    [(id_, drug, SIGNAL[id_] + 0.5 * RNG.normal()) for id_ in IDS for drug in ("d1", "d2")],
    columns=["sample_id", "drug_id", "response"],
)
TRAINED, NEW = IDS[:N_TRAINED], IDS[N_TRAINED:]


def cut(ids, *names):
    return {name: BLOCKS[name].loc[ids] for name in names}


@pytest.fixture(scope="module")
def model():
    fitted = DrugResponseModel("ridge", folds=3)
    return fitted.fit(cut(TRAINED, "copy_number", "rna"), RESPONSES[RESPONSES["sample_id"].isin(TRAINED)])


def covered(table: pd.DataFrame) -> float:
    both = table.merge(RESPONSES, on=["sample_id", "drug_id"])
    return float(((both["response"] >= both["lower"]) & (both["response"] <= both["upper"])).mean())


def test_predict__a_sample_without_its_heaviest_block_is_predicted_within_wider_bounds(model, tmp_path):
    whole, lacking = model.predict(cut(NEW, "copy_number", "rna")), model.predict(cut(NEW, "copy_number"))
    assert (whole["flag"] == "").all()
    assert (lacking["flag"] == "block-absent").all()
    assert lacking["features_found"].max() < 0.5  # what is known is told as it is
    width, wide = (float((table["upper"] - table["lower"]).median()) for table in (whole, lacking))
    assert wide > 1.5 * width
    assert covered(lacking) > 0.85  # with the bounds of whole samples it would be about a half
    model.save(tmp_path / "m.safetensors")
    again = load_model(tmp_path / "m.safetensors").predict(cut(NEW, "copy_number"))
    pd.testing.assert_frame_equal(again, lacking)


def test_predict__a_light_block_costs_little_and_a_sample_without_any_is_not_predicted(model):
    rna = model.predict(cut(NEW, "rna"))
    dna = model.predict(cut(NEW, "copy_number"))
    assert (rna["upper"] - rna["lower"]).median() < (dna["upper"] - dna["lower"]).median()
    some = {"rna": BLOCKS["rna"].loc[NEW[:2]], "copy_number": BLOCKS["copy_number"].loc[NEW[1:3]]}
    flags = model.predict(some).groupby("sample_id", sort=False)["flag"].first()
    assert flags.to_dict() == {NEW[1]: "", NEW[2]: "block-absent", NEW[0]: "block-absent"}
    nothing = BLOCKS["copy_number"].loc[NEW[:2]].copy()
    nothing.iloc[0] = np.nan
    assert model.predict({"copy_number": nothing})["flag"].tolist()[:2] == ["few-features", "few-features"]


def test_train__tells_what_each_block_has_of_the_model(model):
    told = {block["name"]: block for block in model.manifest_["blocks"]}
    assert told["rna"]["weight"] > told["copy_number"]["weight"] > 0.1
    assert told["rna"]["widening"] > told["copy_number"]["widening"] > 1
    assert block_words(model.manifest_)[0].startswith("Block copy_number: 4 features of 90 samples, ")

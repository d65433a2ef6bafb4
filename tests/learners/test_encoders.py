from __future__ import annotations

import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import ModelFileError
from drugresponse.features.samples import SampleEncoder
from drugresponse.learners.encoders import load_sample_encoder, sample_encoder_state

SAMPLES = ["s1", "s2", "s3"]


def encoder_of_variants() -> SampleEncoder:
    table = pd.DataFrame(
        {"kind": "dosage", "chromosome": ["1", ""], "position": [7, None], "ref": ["A", ""], "alt": ["C", ""]},
        index=["rs1", "rs2"],
    )
    genotypes = Genotypes.build([[0, 1], [1, 2], [2, 0]], SAMPLES, table)
    return SampleEncoder().fit(genotypes, pd.DataFrame(index=SAMPLES))


def test_sample_encoder_state__keeps_places_and_alleles():
    encoder = encoder_of_variants()
    loaded = load_sample_encoder(sample_encoder_state(encoder))
    pd.testing.assert_frame_equal(loaded.genotype_features_, encoder.genotype_features_)
    pd.testing.assert_frame_equal(loaded.tokens_, encoder.tokens_)


def test_load_sample_encoder__token_that_is_no_feature():
    state = sample_encoder_state(encoder_of_variants())
    with pytest.raises(ModelFileError, match="a token is none of the features"):
        load_sample_encoder({**state, "token_names": ["rs1", "rs3"]})


def test_sample_encoder_state__keeps_parents_where_there_are_any():
    table = pd.DataFrame({"kind": "altered", "parent": ["qnrS;QUINOLONE", ""]}, index=["qnrS1", "sul1"])
    genotypes = Genotypes.build([[0, 1], [1, 0], [1, 1]], SAMPLES, table)
    encoder = SampleEncoder().fit(genotypes, pd.DataFrame(index=SAMPLES))
    state = sample_encoder_state(encoder)
    pd.testing.assert_frame_equal(load_sample_encoder(state).genotype_features_, encoder.genotype_features_)
    assert "parent" not in sample_encoder_state(encoder_of_variants())
    with pytest.raises(ModelFileError):
        load_sample_encoder({**state, "parent": ["qnrS"]})

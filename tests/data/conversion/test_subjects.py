"""Whose each sample is, by the names that tables give that column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.subjects import subjects_of
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import join_training_rows
from drugresponse.data.tables import Responses
from drugresponse.readers import read_responses

IDS = [f"s{at:02}" for at in range(24)]
PATIENTS = [f"p{at // 2}" for at in range(24)]


@pytest.mark.parametrize("name", ["PATIENT_ID", "Patient ID", "patient", "donor", "individual_id", "subject_id"])
def test_join_training_rows__samples_of_one_patient_are_of_one_subject(name):
    genotypes = Genotypes.from_dense(np.arange(24)[:, None] % 2, IDS, ["TP53"])
    responses = Responses.build(pd.DataFrame({"sample_id": IDS, "response": np.arange(24.0)}))
    samples = pd.DataFrame({name: PATIENTS, "age": range(24)}, index=IDS)
    assert join_training_rows(genotypes, responses, None, samples).pairs.subjects.tolist() == PATIENTS


@pytest.mark.parametrize(
    "samples",
    [
        pd.DataFrame({"patient_id": IDS}, index=IDS),
        pd.DataFrame({"patient_age": PATIENTS}, index=IDS),
        pd.DataFrame({"donor": ["d1"] * 24}, index=IDS),
    ],
)
def test_subjects_of__other_columns_tell_none(samples, caplog):
    assert subjects_of(samples) is None
    assert not caplog.messages


def test_subjects_of__few_values_are_told_of(caplog):
    assert subjects_of(pd.DataFrame({"donor": ["d1", "d2"] * 12}, index=IDS)) is None
    assert 'column "donor": 24 samples share 2 values; if these are persons' in caplog.text


def test_read_responses__patients_beside_their_samples_are_told_of(tmp_path, caplog):
    table = pd.DataFrame({"Patient ID": PATIENTS, "sample_id": IDS, "os_months": np.arange(24.0) // 2 + 1})
    table["os_status"] = ["1:DECEASED", "1:DECEASED", "0:LIVING", "0:LIVING"] * 6
    table.to_csv(tmp_path / "survival.tsv", sep="\t", index=False)
    assert len(read_responses(tmp_path / "survival.tsv")) == 24
    assert '24 samples are of 12 people by the column "Patient ID", which is not used here' in caplog.text
    caplog.clear()
    table.drop_duplicates("Patient ID").to_csv(tmp_path / "one.tsv", sep="\t", index=False)
    read_responses(tmp_path / "one.tsv")
    assert not caplog.messages

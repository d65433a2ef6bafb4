"""Training and prediction on what programs found in isolates: what a model knows has to be looked for in new ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse import workflows
from drugresponse.errors import InputError
from drugresponse.settings import PredictSettings, TrainSettings

HEADER = ["Element symbol", "Scope", "Subtype", "Class", "Subclass", "Method"]
GENE = ["blaTEM-1", "core", "AMR", "BETA-LACTAM", "BETA-LACTAM", "EXACTX"]
MUTATION = ["gyrA_S83L", "core", "POINT", "QUINOLONE", "QUINOLONE", "POINTX"]


def write(path, rows):
    path.write_text("".join("\t".join(cells) + "\n" for cells in rows))
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Trained on isolates whose response is 2 with the mutation, and 0 without it."""
    folder = tmp_path_factory.mktemp("isolates")
    generator = np.random.default_rng(3)
    bears = generator.random((60, 2)) < 0.4
    samples = [f"S{at}" for at in range(len(bears))]
    found = [[row for row, there in zip((GENE, MUTATION), each, strict=True) if there] for each in bears]
    rows = [[sample, *row] for sample, listed in zip(samples, found, strict=True) for row in listed]
    genotypes = write(folder / "amrfinder.tsv", [["Name", *HEADER], *rows])
    responses = pd.DataFrame({"sample_id": samples, "drug_id": "ciprofloxacin", "response": 2.0 * bears[:, 1]})
    responses["response"] += generator.normal(scale=0.1, size=len(samples))
    responses.to_csv(folder / "responses.tsv", sep="\t", index=False)
    settings = TrainSettings(
        genotypes=[genotypes], responses=folder / "responses.tsv", model=folder / "model", learner="ridge"
    )
    workflows.train(settings)
    return folder / "model"


def predicted(model, genotypes, output, **told):
    workflows.predict(PredictSettings(model=model, genotypes=genotypes, predictions=output, **told))
    return pd.read_csv(output, sep="\t").set_index("sample_id")["prediction"]


def test_predict__isolates_that_were_searched_alike(model, tmp_path):
    """One bears the mutation, so the other, in which nothing was found at all, was searched for it too."""
    files = [write(tmp_path / "N1.tsv", [HEADER, MUTATION]), write(tmp_path / "N2.tsv", [HEADER])]
    found = predicted(model, files, tmp_path / "predictions.tsv")
    assert found["N1"] == pytest.approx(2.0, abs=0.2)
    assert found["N2"] == pytest.approx(0.0, abs=0.2)


def test_predict__an_isolate_of_which_nothing_tells_that_mutations_were_looked_for(model, tmp_path, caplog):
    file = write(tmp_path / "N1.tsv", [HEADER, GENE])
    with pytest.raises(InputError, match=r'No sample has the features? "gyrA'):
        predicted(model, [file], tmp_path / "predictions.tsv")
    assert "1 feature of the model count as missing. Use `absent_means` reference" in caplog.text
    found = predicted(model, [file], tmp_path / "predictions.tsv", absent_means="reference")
    assert found["N1"] == pytest.approx(0.0, abs=0.2)


def test_predict__an_allele_that_was_never_seen_counts_by_its_gene(model, tmp_path, caplog):
    rows = [["gyrA_D87N", *MUTATION[1:]]]
    found = predicted(model, [write(tmp_path / "N1.tsv", [HEADER, *rows])], tmp_path / "predictions.tsv")
    assert found["N1"] == pytest.approx(2.0, abs=0.3)
    assert 'the training never saw "gyrA_D87N"' in caplog.text

from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.tables import Responses

SAMPLES = [f"s{i:02d}" for i in range(12)]


def joined(**columns: object) -> TrainingRows:
    """Rows in an order of their own, of which the last sample has no genotype."""
    table = pd.DataFrame({"sample_id": SAMPLES, "drug_id": "d", "response": np.arange(12.0), **columns})
    genotypes = Genotypes.from_dense(np.eye(11), SAMPLES[:11], [f"g{i}" for i in range(11)])
    return join_training_rows(genotypes, Responses.build(table.iloc[::-1]), None, None)


def test_join_training_rows__censored_rows_are_known_by_their_pair():
    rows = joined(censor=["right", "none", "left"] * 4)
    assert rows.pairs.censor.dtype == np.int8
    expected = dict(zip(SAMPLES, [1, 0, -1] * 4, strict=True))
    assert dict(zip(rows.pairs.sample_ids, rows.pairs.censor.tolist(), strict=True)) == {
        sample: expected[sample] for sample in SAMPLES[:11]
    }


def test_join_training_rows__none_censored_is_no_column():
    assert joined().pairs.censor is None
    assert joined(censor="none").pairs.censor is None
    # the one censored row is of the sample without genotype
    assert joined(censor=["none"] * 11 + ["left"]).pairs.censor is None

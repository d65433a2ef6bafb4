from __future__ import annotations

import pandas as pd
import pytest

from drugresponse.data.covariates import Covariates
from drugresponse.data.ids import clean_ids
from drugresponse.data.missing import MISSING_CELLS, MISSING_IDS, UNKNOWN_LEVELS, is_missing


@pytest.mark.parametrize("word", sorted(MISSING_IDS | UNKNOWN_LEVELS))
def test_missing__what_is_missing_as_cell_id_and_level(word):
    assert is_missing(word.upper()) == (word in MISSING_CELLS)
    assert (clean_ids(pd.Series([word.title()]), "samples").tolist() == [""]) == (word in MISSING_IDS)
    samples = pd.DataFrame({"enzyme_inducer": ["yes", "no", "no", word, "yes", "no"] * 3})
    assert ("enzyme_inducer" in Covariates.choose(samples).table) == (word in UNKNOWN_LEVELS)

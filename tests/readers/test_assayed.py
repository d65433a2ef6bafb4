from __future__ import annotations

import pytest

from drugresponse.errors import InputError
from drugresponse.readers.assayed import assayed_samples

WORDS = ("genes.tsv", "any gene", "isolates without any")


def test_assayed_samples__those_without_a_row_follow(caplog):
    assert assayed_samples(["s2", "s1"], ["s3", "s1", "s2"], *WORDS) == ["s2", "s1", "s3"]
    assert 'without any gene: 1 ("s3"). Use `absent_means` missing where they were not assayed.' in caplog.text


def test_assayed_samples__other_spellings_are_no_other_samples():
    with pytest.raises(InputError, match="have no row in it and would count as isolates without any"):
        assayed_samples(["s1", "S-2"], ["s1", "s2"], *WORDS)
    with pytest.raises(InputError, match="none of its 2 samples is among those of the other tables"):
        assayed_samples(["a", "b"], ["s1", "s2"], *WORDS)

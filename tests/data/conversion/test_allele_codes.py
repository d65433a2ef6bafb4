"""Codes of alleles and groups are no copies: refused where a whole block has them, warned of in single columns."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from drugresponse.data.conversion.features import describe_features
from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.errors import InputError

CODED = np.random.default_rng(0).integers(1, 3, size=(40, 6)).astype(float)


def described(values, **options):
    return describe_features([f"f{at}" for at in range(values.shape[1])], values, where="panel.tsv", **options)


@pytest.mark.parametrize("stored", [np.asarray, sparse.csr_array])
def test_describe_features__one_and_two_without_zero_are_refused_unless_told(stored):
    missing = CODED.copy()
    missing[3, 1] = np.nan
    missing[:, 5] = 1  # a column of one value tells nothing
    message = r"panel.tsv: found 1 and 2 and never 0 in 5 of the 5 columns .* write 0 and 1, or no and yes; .*`kind` d"
    with pytest.raises(InputError, match=message):
        described(stored(missing))
    for kind in ("dosage", "copy_number"):
        assert set(described(stored(missing), kind=kind)["kind"]) == {kind}


def test_describe_features__frames_are_looked_at_too():
    with pytest.raises(InputError, match="found 1 and 2 and never 0 in 6 of the 6"):
        as_genotypes(pd.DataFrame(CODED).add_prefix("f").rename("s{}".format))


@pytest.mark.parametrize("stored", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize(("frequency", "n_samples"), [(0.95, 100), (0.9, 8), (0.5, 12)])
def test_describe_features__copies_of_a_frequent_allele_are_no_codes(caplog, stored, frequency, n_samples):
    """A table that counts the reference has few zeros, and a small one has columns without."""
    random = np.random.default_rng(1)
    values = random.binomial(2, frequency, size=(n_samples, 300)).astype(float)
    assert ((values > 0).all(axis=0) & (values.min(axis=0) < values.max(axis=0))).any()
    assert set(described(stored(values))["kind"]) == {"dosage"}
    assert not any(record.levelname == "WARNING" for record in caplog.records)


def test_describe_features__one_coded_column_beside_copies_is_warned_of(caplog):
    values = np.random.default_rng(2).binomial(2, 0.5, size=(200, 6)).astype(float)
    values[:, 2] = 1 + np.arange(200) % 2
    described(values)
    assert 'panel.tsv: found 1 and 2 and never 0 in 1 of the 6 columns with several values, such as "f2"' in caplog.text


def test_describe_features__two_alleles_by_their_numbers():
    values = np.random.default_rng(3).choice([11, 12, 22, 0], size=(10, 3)).astype(float)
    with pytest.raises(InputError, match=r'found only "11", "12", "22" \(expected copies of an allele\)'):
        described(values)
    assert set(described(values, kind="score")["kind"]) == {"score"}
    assert set(described(np.where(values == 12, 15, values))["kind"]) == {"score"}

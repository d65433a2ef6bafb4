from __future__ import annotations

import anndata
import h5py
import mudata
import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.blocks import block_names
from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.conversion.observations import genotypes_and_samples
from drugresponse.errors import InputError
from drugresponse.readers.genotypes import read_genotypes
from drugresponse.readers.samples_beside import samples_beside
from drugresponse.readers.source.source import Source

EXPRESSION = pd.DataFrame({"TP53": [0.5, -0.5], "KRAS": [1.5, 2.5]}, index=["s1", "s2"])
MUTATION = pd.DataFrame({"TP53": [1, 0, 1]}, index=["s1", "s2", "s3"])


def test_as_genotypes__a_dict_gives_named_blocks_whose_like_names_stay_apart():
    both = as_genotypes({"mutation": MUTATION, "expression": EXPRESSION})
    assert block_names(both) == ["expression", "mutation"]
    assert both.features.index.tolist() == ["KRAS", "TP53", "TP53"]
    assert both.features["kind"].tolist() == ["score", "score", "altered"]
    expected = [[1.5, 0.5, 1], [2.5, -0.5, 0], [np.nan, np.nan, 1]]
    np.testing.assert_array_equal(both.reindex(pd.Index(["s1", "s2", "s3"])).dense(), np.float32(expected))


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ({"a": EXPRESSION, "b": MUTATION.set_axis(["t1", "t2", "t3"])}, r"blocks a .* and b .* have no sample"),
        ({"a": EXPRESSION, "b": EXPRESSION.set_axis(["S-1", "S-2"])}, "have no sample in common"),
        ({"covariates": EXPRESSION}, 'found "covariates" as the name of a block'),
        ({"my block": EXPRESSION}, 'found "my block" as the name of a block'),
        ({"all": as_genotypes({"a": EXPRESSION, "b": MUTATION})}, 'found the blocks "a", "b", and "all"'),
        ({}, "no source was given"),
    ],
)
def test_as_genotypes__what_are_no_blocks_of_the_same_samples_is_refused(blocks, words):
    with pytest.raises(InputError, match=words):
        as_genotypes(blocks)


def test_genotypes_and_samples__obs_of_each_block_is_taken():
    seen = anndata.AnnData(EXPRESSION, obs=pd.DataFrame({"tissue": ["lung", "skin"]}, index=EXPRESSION.index))
    table, samples = genotypes_and_samples({"rna": seen, "mutation": MUTATION}, None)
    assert block_names(table) == ["mutation", "rna"]
    assert samples["tissue"].tolist() == ["lung", "skin"]


@pytest.mark.filterwarnings("ignore:var_names are not unique")
def test_read_genotypes__h5mu_is_as_the_object_that_wrote_it(tmp_path):
    frames = {"rna": EXPRESSION, "mut": MUTATION}
    parts = {name: anndata.AnnData(frame.astype(np.float32)) for name, frame in frames.items()}
    parts["rna"].obs["tissue"] = ["lung", "skin"]
    with mudata.set_options(pull_on_update=False):
        data = mudata.MuData(parts)
        data.write_h5mu(tmp_path / "omics.dat")
    read = read_genotypes(tmp_path / "omics.dat")
    assert block_names(read) == ["mut", "rna"]
    assert read.equals(as_genotypes(data).reindex(read.sample_ids))
    samples, _ = samples_beside([Source(tmp_path / "omics.dat")])
    assert samples.loc[["s1", "s2"], "tissue"].tolist() == ["lung", "skin"]
    assert samples.columns.tolist() == ["tissue"]
    with pytest.raises(InputError, match="Leave the name out"):
        read_genotypes({"all": tmp_path / "omics.dat"})


def test_read_genotypes__a_modality_in_another_file_is_refused(tmp_path):
    anndata.AnnData(EXPRESSION.astype(np.float32)).write_h5ad(tmp_path / "other.h5ad")
    with h5py.File(tmp_path / "omics.dat", "w") as file:
        for name in ("obs", "var"):
            anndata.io.write_elem(file, name, pd.DataFrame(index=EXPRESSION.index))
        file.create_group("mod")["rna"] = h5py.ExternalLink(str(tmp_path / "other.h5ad"), "/")
    with pytest.raises(InputError, match="mod/rna"):
        read_genotypes(tmp_path / "omics.dat")

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.genotype_qc.burden import ALTERING_EFFECTS, to_genes
from drugresponse.readers.alterations.classes import SMALL_MUTATIONS
from drugresponse.readers.alterations.reader import ALTERATIONS, read_alterations

MISSING = np.nan


def variants(values, genes, effects, kind="dosage"):
    ids = [f"v{at}" for at in range(len(genes))]
    features = pd.DataFrame({"kind": kind, "gene": genes, "effect": effects}, index=ids)
    return Genotypes.build(np.array(values, np.float32), [f"s{at}" for at in range(len(values))], features)


def simulated(seed=0, n_samples=40, n_variants=60):
    generator = np.random.default_rng(seed)
    values = generator.binomial(2, 0.04, (n_samples, n_variants)).astype(np.float32)
    values[generator.random(values.shape) < 0.05] = MISSING
    genes = generator.choice(["TPMT", "DPYD", "NUDT15", ""], n_variants)
    effects = generator.choice(["lof", "missense", "silent", ""], n_variants)
    return values, genes, effects


def by_hand(values, members, carrier, maximum_missing):
    part = values[:, members]
    shown = (np.nan_to_num(part) >= 0.5).any(axis=1)
    told = shown.astype(float) if carrier == "any" else np.nansum(part, axis=1)
    lacking = np.isnan(part).sum(axis=1) > maximum_missing * len(members)
    return np.where(~shown & lacking, MISSING, told)


@pytest.mark.parametrize("carrier", ["any", "count"])
@pytest.mark.parametrize("maximum_missing", [0.0, 0.15, 1.0])
def test_to_genes__equals_sums_by_hand(carrier, maximum_missing):
    values, genes, effects = simulated()
    found = to_genes(variants(values, genes, effects), carrier=carrier, maximum_missing=maximum_missing)
    expected = {}
    for gene in ("TPMT", "DPYD", "NUDT15"):
        for effect in ("lof", "missense", "mutation"):
            inside = ["lof", "missense"] if effect == "mutation" else [effect]
            members = np.flatnonzero((genes == gene) & np.isin(effects, inside))
            expected[f"{gene}_{effect}"] = by_hand(values, members, carrier, maximum_missing)
    assert found.features.index.tolist() == sorted(expected)
    np.testing.assert_array_equal(found.dense(), np.column_stack([expected[name] for name in sorted(expected)]))
    assert found.values.has_canonical_format
    assert set(found.features["kind"]) == {"altered" if carrier == "any" else "score"}
    assert np.isnan(found.dense()).any() == (maximum_missing < 1)


def test_to_genes__not_assayed_is_never_reference():
    values = [[0, MISSING], [MISSING, MISSING], [1, MISSING], [0, 0], [0, 0.4]]
    found = to_genes(variants(values, ["TPMT", "TPMT"], ["lof", "lof"])).dense()[:, 0]
    np.testing.assert_array_equal(found, [MISSING, MISSING, 1, 0, 0])
    lenient = to_genes(variants(values, ["TPMT", "TPMT"], ["lof", "lof"]), maximum_missing=0.5).dense()[:, 0]
    np.testing.assert_array_equal(lenient, [0, MISSING, 1, 0, 0])


def test_to_genes__variants_and_a_table_of_alterations_make_the_same_features(tmp_path):
    rows = ["s0 TPMT Missense_Mutation", "s0 TPMT Nonsense_Mutation", "s1 TPMT Missense_Mutation", "s2 DPYD Silent"]
    rows = ["sample_id gene alteration", *rows, "s3 DPYD Splice_Site"]
    (tmp_path / "rows").write_text("\n".join(row.replace(" ", "\t") for row in rows) + "\n")
    table = read_alterations(tmp_path / "rows")
    dosages = [[1, 1, 0, 0], [2, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    found = to_genes(variants(dosages, ["TPMT", "TPMT", "DPYD", "DPYD"], ["missense", "lof", "silent", "splice"]))
    wanted = found.features.index.isin(table.features.index)
    assert wanted.sum() == len(table.features) == 3
    pd.testing.assert_frame_equal(found.features[wanted], table.features)
    np.testing.assert_array_equal(found.dense()[:, wanted], table.dense())
    assert set(found.features["block"]) == {ALTERATIONS}
    assert ALTERING_EFFECTS == SMALL_MUTATIONS


def test_to_genes__one_class_has_no_second_feature_unless_a_model_knows_it():
    source = variants([[1, 0], [0, 1]], ["TPMT", "DPYD"], ["lof", "missense"])
    assert to_genes(source).features.index.tolist() == ["DPYD_missense", "TPMT_lof"]
    known = pd.DataFrame(index=["TPMT_mutation", "CFTR_mutation"])
    found = to_genes(source, known_features=known)
    assert found.features.index.tolist() == ["DPYD_missense", "TPMT_lof", "TPMT_mutation"]


def test_to_genes__without_effects_every_variant_counts():
    source = variants([[1, 2, 0], [0, 0, 2]], ["TPMT", "TPMT", ""], ["", "", ""])
    found = to_genes(source, carrier="count")
    assert found.features.index.tolist() == ["TPMT_mutation"]
    assert found.dense().tolist() == [[3], [0]]


def test_to_genes__by_gene_alone():
    source = variants([[1, 2, 1], [0, 0, 1]], ["TPMT", "TPMT", "TPMT"], ["lof", "missense", "silent"])
    found = to_genes(source, by_effect=False, carrier="count")
    assert found.features.index.tolist() == ["TPMT_mutation"]
    assert found.dense().tolist() == [[3], [0]]


def test_to_genes__other_features_stay_and_what_is_dropped_is_told(caplog):
    source = variants([[1, 2, 1], [0, 0, 1]], ["TPMT", "", "TPMT"], ["lof", "", "silent"])
    copies = Genotypes.from_dense([[-1], [0]], ["s0", "s1"], ["gain"], kind="copy_number")
    both = Genotypes.join([source, copies])
    with caplog.at_level(logging.INFO):
        assert to_genes(both).features.index.tolist() == ["TPMT_lof", "gain"]
    assert "1 variants are gathered by gene; 1 tell no gene, 1 do not change a protein" in caplog.text
    assert to_genes(both, keep_others=True).features.index.tolist() == ["TPMT_lof", "gain", "v1", "v2"]


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        (variants([[1]], [""], [""]), {}, "no variant tells its gene"),
        (variants([[1]], ["TPMT"], ["lof"], kind="altered"), {}, "found no dosages of variants"),
        (variants([[1]], ["TPMT"], ["silent"]), {}, "no variant changes a protein"),
        (variants([[1]], ["TPMT"], ["lof"]), {"carrier": "counts"}, 'Did you mean "count"'),
        (variants([[1]], ["TPMT"], ["lof"]), {"maximum_missing": 2}, "expected 0 to 1"),
    ],
)
def test_to_genes__what_cannot_be_gathered(source, options, message):
    with pytest.raises(InputError, match=message):
        to_genes(source, **options)

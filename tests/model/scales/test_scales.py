"""Values on another scale than training are refused or flagged, and honest ones are not."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import with_parents
from drugresponse.errors import InputError, ModelFileError
from drugresponse.model.file import read_model_file, write_model_file
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel
from drugresponse.model.scales.scales import TrainedScales

N_GENES = 25


def expression(n: int, seed: int, tissues: range = range(5), n_genes: int = N_GENES) -> np.ndarray:
    """Logarithms of expression; each tissue has genes of its own that are far up or down."""
    usual = np.random.default_rng(0)
    base = usual.gamma(2.0, 2.0, n_genes) + usual.normal(0, 1, (6, n_genes))
    base += (usual.random((6, n_genes)) < 0.08) * usual.normal(0, 5, (6, n_genes))
    rng = np.random.default_rng(seed)
    return np.clip(base[rng.choice(tissues, n)] + rng.normal(0, 0.8, (n, n_genes)), 0, None)


def dosages(n: int, seed: int, n_sites: int = 100) -> np.ndarray:
    frequency = np.random.default_rng(9).uniform(0.1, 0.5, n_sites)
    return np.random.default_rng(seed).binomial(2, frequency, (n, n_sites)).astype(float)


def gains_and_losses(n: int, seed: int, n_genes: int = 300) -> np.ndarray:
    """Copies of genes beyond the usual two, in segments."""
    rng, found = np.random.default_rng(seed), np.zeros((n, n_genes))
    for row in found:
        for start in rng.integers(0, n_genes, rng.integers(2, 12)):
            row[start : start + rng.integers(5, 75)] += rng.choice([-1, 1])
    return found.clip(-2, 2)


def checked(train: np.ndarray, new: np.ndarray, kind: str) -> np.ndarray:
    names = [f"f{i:04d}" for i in range(train.shape[1])]
    known, asked = (
        Genotypes.from_dense(each, [f"s{i}" for i in range(len(each))], names, kind=kind) for each in (train, new)
    )
    scales = TrainedScales.of(known, pd.DataFrame(index=known.sample_ids))
    weights = np.full(len(names), 1 / len(names))
    return scales.check(asked, weights, pd.DataFrame(index=asked.sample_ids))


TRAIN, NEW = expression(100, 1), expression(10, 2)
RAW, NEW_RAW = 2**TRAIN - 1, 2**NEW - 1
CENTRE, SPREAD = TRAIN.mean(axis=0), TRAIN.std(axis=0)
SCALED, NEW_SCALED = (TRAIN - CENTRE) / SPREAD, (NEW - CENTRE) / SPREAD
OTHER = expression(10, 3, range(5, 6))
SHARES = np.random.default_rng(4).beta(2, 3, (50, 3))
COPIES, NEW_COPIES = gains_and_losses(60, 1), gains_and_losses(20, 2)


@pytest.mark.parametrize("n", [1, 10])
@pytest.mark.parametrize(
    ("train", "new"),
    [
        (TRAIN, NEW_RAW),
        (RAW, NEW),
        (TRAIN, NEW_SCALED),
        (SCALED, NEW),
        (SCALED, 100 * NEW_SCALED),
        (RAW, NEW_SCALED),
        (SCALED, NEW_RAW),
        (TRAIN, NEW / 16),
        (TRAIN / 16, NEW),
    ],
    ids=[
        "raw for log",
        "log for raw",
        "z for log",
        "log for z",
        "percent for z",
        "z for raw",
        "raw for z",
        "0 to 1 for log",
        "log for 0 to 1",
    ],
)
def test_check__block_on_another_scale_is_refused(train, new, n):
    with pytest.raises(
        InputError, match=r'block "score": the values are on another scale .*; in training .* Bring them'
    ):
        checked(train, new[:n], "score")


@pytest.mark.parametrize("n", [1, 10])
@pytest.mark.parametrize("new", [NEW, OTHER], ids=["same tissues", "another tissue"])
def test_check__one_patient_and_another_tissue_are_no_other_scale(new, n):
    for train, asked in ((TRAIN, new), (RAW, 2**new - 1), (SCALED, (new - CENTRE) / SPREAD)):
        assert not checked(train, asked[:n], "score").any()
        assert not checked(train[:12], asked[:n], "score").any()


@pytest.mark.parametrize(
    ("train", "new"), [(SHARES, 100 * SHARES), (100 * SHARES, SHARES)], ids=["percent", "fraction"]
)
def test_check__few_features_in_percent_or_fractions(train, new):
    with pytest.raises(InputError, match="percent or fraction"):
        checked(train, new[:30], "score")
    assert not checked(train, train[:1], "score").any()


@pytest.mark.parametrize(
    ("train", "new"),
    [(COPIES, NEW_COPIES + 2), (COPIES + 2, NEW_COPIES), (COPIES + 2, NEW_COPIES[:1])],
    ids=["copies for gains", "gains for copies", "one sample"],
)
def test_check__copy_numbers_with_and_without_the_usual_two(train, new):
    with pytest.raises(InputError, match='block "copy_number": the values are on another scale'):
        checked(train, new, "copy_number")


def test_check__a_region_of_many_copies_is_no_other_scale():
    amplified = NEW_COPIES[:1].copy()
    amplified[0, 5:17] = 30
    for usual in (0, 2):
        assert not checked(COPIES + usual, NEW_COPIES + usual, "copy_number").any()
        assert not checked(COPIES + usual, amplified + usual, "copy_number").any()


@pytest.mark.parametrize(
    ("kind", "train", "new", "told"),
    [
        ("dosage", dosages(60, 1), 50 * dosages(5, 2), r"such as 50 .*expected 0 to 2 copies"),
        ("dosage", dosages(60, 1), -dosages(5, 2), r"such as -1 .*expected 0 to 2 copies"),
        ("altered", dosages(60, 1) > 0, 100 * (dosages(5, 2) > 0), r"such as 100 .*expected 0 or 1"),
        ("altered", dosages(60, 1) > 0, 2 * (dosages(1, 2) > 0), r"such as 2 .*expected 0 or 1"),
        ("altered", dosages(60, 1) > 0, 0.3 * (dosages(5, 2) > 0), r"such as 0\.3 .*expected 0 or 1"),
    ],
)
def test_check__values_that_the_kind_cannot_have(kind, train, new, told):
    with pytest.raises(InputError, match=told):
        checked(train.astype(float), new.astype(float), kind)


def test_check__two_copies_of_a_variant_that_had_at_most_one_are_fine_unless_many_would_have_had_two(caplog):
    common, rare = np.minimum(dosages(60, 1), 1), np.minimum(dosages(60, 1), 1) * (dosages(60, 3) == 2)
    assert not checked(common, dosages(5, 2), "dosage").any()
    assert not checked(rare[:, :20], dosages(5, 2)[:, :20], "altered").any()
    assert not caplog.records
    assert checked(common, dosages(5, 2), "altered").all()
    assert "found 2 in features that are 0 or 1 in training" in caplog.text


def test_check__says_that_no_call_has_two_copies(caplog):
    with caplog.at_level(logging.WARNING):
        assert not checked(dosages(60, 1), dosages(20, 2), "dosage").any()
        assert not caplog.records
        checked(dosages(60, 1), np.minimum(dosages(20, 2), 1), "dosage")
    assert "no call has two copies of an allele" in caplog.text


PEOPLE = np.random.default_rng(7).uniform(0.05, 0.9, 300)
NEIGHBOURS = np.clip(PEOPLE + np.random.default_rng(8).normal(0, 0.2, 300), 0.01, 0.99)


def people(frequencies, n, seed=0):
    return np.random.default_rng(seed).binomial(2, frequencies, (n, len(frequencies))).astype(float)


@pytest.mark.parametrize("n", [1, 20])
@pytest.mark.parametrize(
    ("kind", "train", "new"),
    [
        ("dosage", people(PEOPLE, 80), 2 - people(PEOPLE, 20, 1)),
        ("altered", np.minimum(people(PEOPLE / 2, 80), 1), 1 - np.minimum(people(PEOPLE / 2, 20, 1), 1)),
        ("dosage", people(PEOPLE, 80), people(PEOPLE, 20, 1)[:, np.random.default_rng(0).permutation(300)]),
        ("score", TRAIN, NEW[:, np.random.default_rng(0).permutation(NEW.shape[1])]),
    ],
    ids=["the other allele", "unaltered for altered", "names mixed up", "genes mixed up"],
)
def test_check__values_of_other_features_or_alleles_are_refused(kind, train, new, n):
    with pytest.raises(InputError, match="names of features mixed up, values centred, or the other alleles counted"):
        checked(train, new[:n], kind)


@pytest.mark.parametrize("n", [1, 20])
def test_check__another_ancestry_has_the_same_alleles(n):
    assert not checked(people(PEOPLE, 80), people(NEIGHBOURS, 20, 1)[:n], "dosage").any()
    assert not checked(people(PEOPLE / 20, 80), people(PEOPLE / 20, 20, 1)[:n] * 0, "dosage").any()


def test_check__a_panel_without_the_features_of_high_values_is_no_other_order():
    train, new = expression(100, 1, n_genes=60), expression(10, 2, n_genes=60)
    high = train.mean(axis=0) > np.quantile(train.mean(axis=0), 0.6)
    assert not checked(train, np.where(high, np.nan, new), "score").any()


def test_check__natural_for_binary_logarithms_are_told_of(caplog):
    rng = np.random.default_rng(0)
    genes = np.clip(rng.uniform(0, 9, 200) + rng.normal(size=(100, 200)), 0, None)
    with caplog.at_level(logging.WARNING):
        checked(genes[:80], genes[80:], "score")
        assert not caplog.records
        checked(genes[:80], genes[80:] * np.log(2), "score")
    assert "as natural logarithms do beside binary ones" in caplog.text


def test_check__a_sample_with_some_values_far_outside_is_flagged():
    new = NEW.copy()
    new[3, :4] = 60.0
    assert checked(TRAIN, new, "score").tolist() == [at == 3 for at in range(len(new))]


def fitted(
    values: np.ndarray, samples: pd.DataFrame | None = None, drugs: tuple[str, ...] = ("d",)
) -> DrugResponseModel:
    genotypes = named(values)
    y = values[:, 0] - values[:, 1] + 0.1 * np.random.default_rng(5).normal(size=len(values))
    parts = [pd.DataFrame({"sample_id": genotypes.index, "drug_id": drug, "response": y}) for drug in drugs]
    responses = pd.concat(parts)
    return DrugResponseModel("ridge", folds=3).fit(genotypes, responses, samples=samples)


def named(values: np.ndarray) -> pd.DataFrame:
    ids = pd.Index([f"s{i:03d}" for i in range(len(values))], name="sample_id")
    return pd.DataFrame(values, index=ids, columns=[f"f{i}" for i in range(values.shape[1])])


@pytest.mark.parametrize("loaded", [False, True])
def test_predict_adapt_explain__refuse_another_scale(loaded, tmp_path):
    model = fitted(TRAIN, drugs=("d", "e"))
    if loaded:
        model.save(tmp_path / "m.safetensors")
        model = load_model(tmp_path / "m.safetensors")
    new = named(NEW_RAW).rename(index="n{}".format)
    assert (model.predict(named(NEW).rename(index="n{}".format))["flag"] == "").all()
    responses = pd.DataFrame({"sample_id": new.index, "drug_id": "d", "response": np.arange(10.0)})
    for ask in (
        lambda: model.predict(new),
        lambda: model.contributions(new),
        lambda: model.adapt(new, responses.head(1)),
        lambda: dr.explain(model, new, responses, refits=0),
    ):
        with pytest.raises(InputError, match="on another scale than in training"):
            ask()


def test_predict__rows_out_of_range_are_flagged_and_have_no_bounds():
    new = NEW.copy()
    new[0, :4] = 60.0
    told = fitted(TRAIN).predict(named(new).rename(index="n{}".format))
    assert told["flag"].tolist() == ["out-of-range"] + [""] * 9
    assert told["lower"].isna().tolist() == [True] + [False] * 9


def test_predict__covariate_in_another_unit_is_flagged_and_told(caplog):
    height = np.random.default_rng(6).normal(170, 10, 100)
    samples = pd.DataFrame({"height": height}, index=named(TRAIN).index)
    new = pd.DataFrame({"height": [1.7, 171.0]}, index=["n0", "n1"])
    told = fitted(TRAIN, samples).predict(named(NEW[:2]).set_axis(["n0", "n1"]), samples=new)
    assert told["flag"].tolist() == ["out-of-range", ""]
    assert 'column "height": 1 of 2 samples lie far outside the training (now 1.7 to 171' in caplog.text


@pytest.mark.parametrize("name", ["low", "size", "usual", "covariate_ranges"])
def test_load_model__scales_of_another_shape_are_refused(name, tmp_path):
    path = tmp_path / "m.safetensors"
    fitted(TRAIN).save(path)
    state, manifest = read_model_file(path)
    state["scales"][name] = np.zeros((3, 2, 2))
    write_model_file(path, state, manifest)
    with pytest.raises(ModelFileError, match=f'the array "{name}" has shape'):
        load_model(path)


def test_load_model__file_without_scales_claims_nothing(tmp_path):
    path = tmp_path / "m.safetensors"
    fitted(TRAIN).save(path)
    state, manifest = read_model_file(path)
    del state["scales"], state["covariate_texts"]
    write_model_file(path, state, manifest)
    assert (load_model(path).predict(named(NEW_RAW).rename(index="n{}".format))["flag"] == "").all()


def test_check__sums_of_a_family_have_no_scale_of_their_own():
    table = pd.DataFrame({"kind": "altered", "parent": [f"f{at % 12}" for at in range(120)]}, index=range(120))
    train = (np.random.default_rng(0).random((60, 120)) < 0.02).astype(float)
    known = with_parents(Genotypes.build(train, [f"s{i}" for i in range(60)], table))
    new = with_parents(Genotypes.build(np.ones((5, 120)), [f"n{i}" for i in range(5)], table))
    scales = TrainedScales.of(known, pd.DataFrame(index=known.sample_ids))
    assert not scales.usual
    weights = np.full(known.shape[1], 1 / known.shape[1])
    assert not scales.check(new, weights, pd.DataFrame(index=new.sample_ids)).any()


FEW, NEW_FEW = expression(100, 1, n_genes=6), expression(40, 2, n_genes=6)


@pytest.mark.parametrize(
    ("train", "new", "kind"),
    [
        (FEW, (NEW_FEW - FEW.mean(axis=0)) / FEW.std(axis=0), "score"),
        (FEW, 2**NEW_FEW, "score"),
        (FEW, NEW_FEW + 4, "score"),
        (SCALED, expression(40, 2), "score"),
        ((FEW > 3).astype(float), (NEW_FEW <= 3).astype(float), "altered"),
        (dosages(100, 1), 2 - dosages(30, 2), "dosage"),
    ],
)
def test_check__a_cohort_that_lies_elsewhere_is_told_of(caplog, train, new, kind):
    with caplog.at_level(logging.WARNING):
        try:
            checked(train, new, kind)
        except InputError:
            return
    assert "elsewhere than in training" in caplog.text or "not as frequent as in training" in caplog.text


@pytest.mark.parametrize(
    ("train", "new", "kind"),
    [
        (FEW, NEW_FEW, "score"),
        (FEW, expression(40, 3, range(5, 6), n_genes=6), "score"),
        (TRAIN, expression(40, 3, range(5, 6)), "score"),
        (FEW, NEW_FEW[:9] + 4, "score"),
        (FEW[:, :4], NEW_FEW[:, :4] + 4, "score"),
        ((FEW > 3).astype(float), (NEW_FEW > 3).astype(float), "altered"),
        (dosages(100, 1), dosages(30, 2), "dosage"),
        (gains_and_losses(100, 1), gains_and_losses(30, 2), "copy_number"),
    ],
)
def test_check__an_honest_or_small_cohort_is_not_told_of(caplog, train, new, kind):
    with caplog.at_level(logging.WARNING):
        checked(train, new, kind)
    assert "in training" not in caplog.text


@pytest.mark.parametrize(
    ("new", "flagged"),
    [
        ([61, -9, 44], [False, True, False]),
        ([0.61, 0.44], [True, True]),
        ([15, 85], [False, False]),
        ([80, 81, 83, 90, 95], [True] * 5),
        ([80, 81, 83, 90, 79], [False] * 5),
        ([np.nan, 50], [False, False]),
    ],
)
def test_check__covariates_that_cannot_be_what_the_training_had(caplog, new, flagged):
    train = pd.DataFrame({"age": [20.0, 35.0, 60.0, 79.0]}, index=list("abcd"))
    names = [f"n{at}" for at in range(len(new))]
    asked = pd.DataFrame({"age": np.array(new, dtype=float)}, index=names)
    genotypes = [Genotypes.from_dense(np.zeros((len(ids), 1)), list(ids), ["g"]) for ids in (train.index, names)]
    far = TrainedScales.of(genotypes[0], train).check(genotypes[1], np.zeros(1), asked)
    assert far.tolist() == flagged
    assert ('column "age"' in caplog.text) == any(flagged)

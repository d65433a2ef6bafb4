"""Simulated cohorts with a known truth: what a model should find is planted and written down."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.outcomes.outcome import Kind, find_kind
from drugresponse.data.tables import Measure, Responses
from drugresponse.errors import InputError, count, nearest
from drugresponse.shown import Shown
from drugresponse.simulation._drugs import MAXIMUM_DRUGS, MECHANISMS, WARFARIN, simulate_drugs
from drugresponse.simulation._genes import alteration_truth, draw_alterations, draw_variants, variant_truth
from drugresponse.simulation._outcomes import Expected, draw_responses, effect_unit
from drugresponse.simulation._studies import measured_in_studies

__all__ = ["PRESETS", "Cohort", "simulate_cohort"]

PRESETS = ("cell-lines", "germline")
TISSUES = ("blood", "breast", "colon", "lung", "ovary", "skin")
ANCESTRIES = ("A", "B", "C")
MAXIMUM_CALLS = 50_000_000
_MOST_STUDIES = 50
_CELL_LINE_NOISE, _PATIENT_NOISE = 0.9, 6.0


@dataclass(frozen=True, eq=False, repr=False)
class Cohort(Shown):
    """Everything that a study would have, and the truth that it would not have.

    Attributes
    ----------
    genotypes
        `(n_samples, n_features)` calls.
    samples
        `(n_samples,)` rows in the order of the genotypes, index `sample_id`, columns the covariates.
    drugs
        `(n_drugs,)` rows, index `drug_id`, text columns `name, smiles, inchikey, mechanism, targets`.
    responses
        One row for each measured pair, in the unit of its measure.
    truth
        One row for each planted effect: `drug_id` ("" for all drugs), `feature_id`, `partner` (the other feature of a
        pair that only acts together, else ""), `gene`, `effect` (in response units, or of log odds, log2 dilutions or
        log hazard, for each copy or for being altered; of a pair: where both are carried), `mechanism_of_effect`
        (`common`, `targeted` or `pair`).
        `truth.attrs["genotype_share"]` is the share of the variance within drug that these effects explain;
        `truth.attrs["study_levels"]`, of several studies, how far each lies above the first.

    Examples
    --------
    >>> cohort = simulate_cohort(n_samples=30, n_drugs=3, n_features=20)
    >>> cohort.genotypes.shape, len(cohort.drugs), set(cohort.truth["drug_id"]) <= {*cohort.drugs.index, ""}
    ((30, 20), 3, True)
    """

    genotypes: Genotypes
    samples: pd.DataFrame
    drugs: pd.DataFrame
    responses: Responses
    truth: pd.DataFrame

    def _headline(self) -> str:
        n_samples, n_drugs = len(self.samples), len(self.drugs)
        return f"Cohort: {count(n_samples, 'sample')} x {count(n_drugs, 'drug')}, simulated with a known truth"


def simulate_cohort(
    preset: str = "cell-lines",
    *,
    n_samples: int | None = None,
    n_drugs: int | None = None,
    n_features: int | None = None,
    outcome: str = "continuous",
    studies: int = 1,
    random_state: int = 0,
) -> Cohort:
    """Simulate a cohort with planted effects; genes and drugs bear familiar names, but nothing is claimed about them.

    `cell-lines`: gene mutations (altered or not, 2 to 20 % carriers) of cell lines from six tissues, and ln IC50 of
    drugs of six mechanisms, a tenth of the pairs not measured. The response is the drug's potency, which its structure
    tells, + four genes that act on all drugs + the drug's target gene + a pair of genes that only acts together +
    tissue + tissue by mechanism + the line's own sensitivity + noise. Genotype explains about 60 % of the variance
    within drug.

    `germline`: dosages of biallelic variants with 1 % missing calls, three ancestries, age and sex, and the weekly dose
    of one drug. The dose is a sum over four variants, a pair of genes that only acts together, age, sex, ancestry and
    noise, never below 3.5 mg. Genotype explains about two thirds of the variance.

    Parameters
    ----------
    preset
        `cell-lines` or `germline`.
    n_samples
        20 or more; 200 cell lines or 500 patients when not given.
    n_drugs
        1 to 864, 20 when not given; germline has one.
    n_features
        20 or more; 300 or 400 when not given.
    outcome
        What a response is: `continuous` as above; `binary` (S or R, 30 % R), `ordinal` (S, I, R), `interval` (a series
        of doubling dilutions whose ends were not tested beyond) or `time-to-event` (with follow-up that ends by chance)
        with the same effects on the log odds, the logarithm or the log hazard.
    studies
        1 to 50; of several, each sample is measured in one, three in ten in another too, and each study has a level of
        its own.
    random_state
        Seed; the same seed gives the same cohort.

    Raises
    ------
    InputError
        The preset is unknown or a number is outside its limits.

    Examples
    --------
    >>> cohort = simulate_cohort(n_samples=50, n_drugs=6, n_features=40)
    >>> cohort.genotypes.shape, len(cohort.drugs), cohort.responses.measure.name
    ((50, 40), 6, 'ln_ic50')
    >>> cohort.truth.loc[cohort.truth["mechanism_of_effect"] == "targeted", "gene"].tolist()
    ['EGFR', 'BRAF', 'RB1', 'KIT', 'TP53', 'BRCA2']
    """
    if preset not in PRESETS:
        raise InputError(f'simulate: found preset "{preset}". {nearest(preset, PRESETS)}')
    is_germline = preset == "germline"
    samples = _size("samples", n_samples, 500 if is_germline else 200, 20, 1_000_000)
    drugs = _size("drugs", n_drugs, 1 if is_germline else 20, 1, 1 if is_germline else MAXIMUM_DRUGS)
    features = _size("features", n_features, 400 if is_germline else 300, 20, 1_000_000)
    if samples * features > MAXIMUM_CALLS:
        raise InputError(
            f"simulate: found {samples} samples x {features} features (expected at most {MAXIMUM_CALLS:,} calls). "
            "Ask for fewer of one."
        )
    kind = find_kind(outcome)
    rng = np.random.default_rng(random_state)
    if not 1 <= studies <= _MOST_STUDIES or (studies > 1 and kind != "continuous"):
        raise InputError(
            f"simulate: found {studies} studies of the outcome {kind} (expected 1, or up to {_MOST_STUDIES} of the "
            "outcome continuous). Choose another number of `studies`."
        )
    cohort = (
        _germline(samples, features, kind, rng) if is_germline else _cell_lines(samples, drugs, features, kind, rng)
    )
    if studies == 1:
        return cohort
    responses, levels = measured_in_studies(cohort.responses, studies, rng)
    cohort.truth.attrs["study_levels"] = levels
    return replace(cohort, responses=responses)


def _size(what: str, number: int | None, usual: int, least: int, most: int) -> int:
    size = usual if number is None else number
    if not least <= size <= most:
        limits = f"{least} to {most}" if least < most else str(least)
        raise InputError(f"simulate: found {size} {what} (expected {limits}). Choose another `n_{what}`.")
    return size


def _cell_lines(n_samples: int, n_drugs: int, n_features: int, outcome: Kind, rng: np.random.Generator) -> Cohort:
    drugs, potency = simulate_drugs(n_drugs, rng)
    features, altered = draw_alterations(n_samples, n_features, rng)
    tissue = rng.integers(len(TISSUES), size=n_samples)
    samples = pd.DataFrame({"tissue": np.array(TISSUES, dtype=object)[tissue]}, index=_sample_ids("L", n_samples))
    truth = alteration_truth(drugs, rng)
    genetic = _planted_effects(truth, altered, features.index, drugs.index)
    mechanism = np.arange(n_drugs) % len(MECHANISMS)
    expected = (
        potency
        + genetic
        + rng.normal(0, 0.5, len(TISSUES))[tissue][:, None]
        + rng.normal(0, 0.3, (len(TISSUES), len(MECHANISMS)))[tissue][:, mechanism]
        + rng.normal(0, 0.4, n_samples)[:, None]
    )
    responses = expected + rng.normal(0, _CELL_LINE_NOISE, (n_samples, n_drugs))
    truth.attrs["genotype_share"] = float(np.mean(genetic.var(axis=0) / responses.var(axis=0)))
    measured = rng.random((n_samples, n_drugs)) >= 0.1
    genotypes = Genotypes.build(altered, list(samples.index), features)
    if outcome != "continuous":
        drawn = Expected(expected, _CELL_LINE_NOISE, measured, samples.index, drugs.index)
        return _with_outcome(genotypes, samples, drugs, truth, drawn, outcome, rng)
    measure = Measure("ln_ic50", "uM", "resistant")
    kept = _responses(responses, measured, samples.index, drugs.index, measure)
    return Cohort(genotypes, samples, drugs, kept, truth)


def _germline(n_samples: int, n_features: int, outcome: Kind, rng: np.random.Generator) -> Cohort:
    samples = pd.DataFrame(
        {
            "age": np.clip(np.round(rng.normal(62, 13, n_samples)), 18, 95),
            "sex": rng.choice(np.array(["female", "male"], dtype=object), n_samples),
            "ancestry": rng.choice(np.array(ANCESTRIES, dtype=object), n_samples),
        },
        index=_sample_ids("P", n_samples),
    )
    features, frequency = draw_variants(n_features, rng)
    ancestry = pd.Categorical(samples["ancestry"], categories=ANCESTRIES).codes
    # allele frequencies drift apart between ancestries (Balding and Nichols, F = 0.02)
    drift = (1 - 0.02) / 0.02
    by_ancestry = rng.beta(frequency * drift, (1 - frequency) * drift, (len(ANCESTRIES), n_features))
    dosage = rng.binomial(2, np.clip(by_ancestry, 0.01, 0.99)[ancestry]).astype(np.float32)
    drugs = pd.DataFrame([WARFARIN], index=pd.Index(["warfarin"], name="drug_id", dtype=object))
    truth = variant_truth()
    genetic = _planted_effects(truth, dosage, features.index, drugs.index)
    expected = (
        48
        + genetic
        - 0.25 * (samples["age"].to_numpy() - 62)[:, None]
        + 2.0 * (samples["sex"] == "male").to_numpy()[:, None]
        + np.array([0.0, -3.0, 2.0])[ancestry][:, None]
    )
    doses = (expected + rng.normal(0, _PATIENT_NOISE, (n_samples, 1))).clip(min=3.5)
    truth.attrs["genotype_share"] = float(genetic.var() / doses.var())
    dosage[rng.random(dosage.shape) < 0.01] = np.nan
    genotypes, measured = Genotypes.build(dosage, list(samples.index), features), np.ones(doses.shape, dtype=bool)
    if outcome != "continuous":
        drawn = Expected(expected, _PATIENT_NOISE, measured, samples.index, drugs.index)
        return _with_outcome(genotypes, samples, drugs, truth, drawn, outcome, rng)
    responses = _responses(doses, measured, samples.index, drugs.index, Measure("dose", "mg/week", "dose"))
    return Cohort(genotypes, samples, drugs, responses, truth)


def _with_outcome(
    genotypes: Genotypes,
    samples: pd.DataFrame,
    drugs: pd.DataFrame,
    truth: pd.DataFrame,
    expected: Expected,
    outcome: Kind,
    rng: np.random.Generator,
) -> Cohort:
    """The cohort with responses of another kind, and the effects on the scale on which they act there."""
    scaled = truth.assign(effect=truth["effect"] / effect_unit(outcome, expected.noise))
    return Cohort(genotypes, samples, drugs, draw_responses(expected, outcome, rng), scaled)


def _planted_effects(
    truth: pd.DataFrame, calls: NDArray, feature_ids: pd.Index, drug_ids: pd.Index
) -> NDArray[np.float64]:
    """`(n_samples, n_drugs)` sum of the planted effects; a pair acts where both features are carried."""
    total = np.zeros((len(calls), len(drug_ids)))
    at, partner_at = (feature_ids.get_indexer(pd.Index(truth[column])) for column in ("feature_id", "partner"))
    for i, (drug_id, effect) in enumerate(zip(truth["drug_id"], truth["effect"], strict=True)):
        copies = calls[:, at[i]].astype(np.float64)
        if partner_at[i] >= 0:
            copies = ((copies > 0) & (calls[:, partner_at[i]] > 0)).astype(np.float64)
        columns = drug_ids == drug_id if drug_id else np.ones(len(drug_ids), dtype=bool)
        total[:, columns] += effect * copies[:, None]
    return total


def _responses(
    values: NDArray[np.float64], measured: NDArray[np.bool_], sample_ids: pd.Index, drug_ids: pd.Index, measure: Measure
) -> Responses:
    sample, drug = np.nonzero(measured)
    # as many digits as an assay would report, and exact in a text file
    rows = {"sample_id": sample_ids[sample], "drug_id": drug_ids[drug], "response": np.round(values[sample, drug], 4)}
    return Responses.build(pd.DataFrame(rows), measure, where="simulate")


def _sample_ids(letter: str, n_samples: int) -> pd.Index:
    digits = max(4, len(str(n_samples)))
    return pd.Index([f"{letter}{i + 1:0{digits}d}" for i in range(n_samples)], name="sample_id", dtype=object)

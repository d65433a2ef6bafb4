"""Checks of what explains and prepares: associations, attributions, curves, simulated truth, principal components."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from drugresponse.association.associations import associate
from drugresponse.curves import convert_responses, fit_curves
from drugresponse.explanation.explain import explain
from drugresponse.genotype_qc.overview import overview_of
from drugresponse.readers import read_genotypes
from drugresponse.readers.tables.doses import read_doses
from drugresponse.simulation.cohort import simulate_cohort
from drugresponse.validation.bench import Bench
from drugresponse.validation.checks import Check, at_least, close, equal, within

__all__ = ["CHECKS"]

_BY_PERMUTATION = 20
"""Up to so many carriers p is by permutation, and is compared loosely."""


def _associations(bench: Bench) -> Iterator[Check]:
    """Associations are those of ordinary least squares"""
    found = associate(bench.genotypes, bench.responses, covariates=bench.samples).table
    known = pd.DataFrame(bench.truth["associations"])
    both = known.merge(found, on=["drug_id", "feature_id"], suffixes=("_known", ""))
    yield equal("Features that are tested", len(both), len(known))
    yield close("Effects, by statsmodels", both["effect"], both["effect_known"], 1e-8)
    by_t = both[both["method"] == "t"]
    yield close("p by the t distribution, by statsmodels", by_t["p"], by_t["p_known"], 1e-8)
    least = np.log10(both["p"].clip(lower=1e-4)) - np.log10(both["p_known"].clip(lower=1e-4))
    yield within("Decades between p and that of statsmodels", float(least.abs().max()), 0, 0.35)
    yield equal("Samples of each test", both["n_samples"].tolist(), both["n"].tolist())
    first = found.sort_values("p").groupby("drug_id").first()["feature_id"]
    yield equal("The strongest association of D1 and D2", first[["D1", "D2"]].tolist(), ["GENE07_mut", "GENE11_mut"])
    shuffled = bench.responses.assign(response=bench.responses["response"].sample(frac=1, random_state=3).to_numpy())
    nothing = associate(bench.genotypes, shuffled, covariates=bench.samples).table
    yield within("Share of p below 0.05 where responses are shuffled", float((nothing["p"] < 0.05).mean()), 0, 0.12)


def _attributions(bench: Bench) -> Iterator[Check]:
    """Planted effects come first among attributions"""
    explained = explain(
        bench.ridge, bench.genotypes, bench.responses, samples=bench.samples, drugs=bench.drugs, refits=0, n_jobs=1
    )
    table = explained.attributions
    genotype = table[~table["feature_id"].str.startswith("tissue")]
    ranked = genotype.sort_values("rank").groupby("drug_id").first()["feature_id"]
    yield equal("The first attribution of D1 and D2", ranked[["D1", "D2"]].tolist(), ["GENE07_mut", "GENE11_mut"])
    third = table[table["feature_id"] == "GENE03_mut"].set_index("drug_id")
    yield equal("Rank of what acts on all drugs, at most", bool((third["rank"] <= 3).all()), True)
    effects = table.set_index(["feature_id", "drug_id"])["effect"]
    for feature, drug, effect in bench.truth["planted"][1:]:
        share = float(effects[feature, drug]) / effect
        yield within(f"Attributed effect of {feature}, in units of that planted", share, 0.4, 1.15)
    named = explained.agreement.head(3)["feature_id"]
    yield equal("Named by both, first", set(named) <= {"GENE03_mut", "GENE07_mut", "GENE11_mut"}, True)


def _curves(bench: Bench) -> Iterator[Check]:
    """Fitted curves have the shape that was drawn"""
    fits = fit_curves(read_doses(bench.pack / "curves" / "doses.tsv"))
    known = pd.DataFrame(bench.json("curves/truth.json"))
    table = fits.table.sort_values("sample_id")
    for ours, theirs in (
        ("ec50", "ec50"),
        ("hill_slope", "slope"),
        ("bottom", "bottom"),
        ("ic50", "ic50"),
        ("auc", "auc"),
    ):
        yield close(f"The {ours} of curves without noise", table[ours].to_numpy(), known[theirs].to_numpy(), 1e-5)
    logs = fits.responses("ln_ic50")
    yield close("ln IC50", logs.table["response"], np.log(known["ic50"]), 1e-5)
    turned = convert_responses(logs, "pic50")
    yield close("pIC50 of ln IC50 in uM", turned.table["response"], 6 - np.log10(known["ic50"]), 1e-5)


def _simulated(_bench: Bench) -> Iterator[Check]:
    """Simulated effects are found again by least squares"""
    cohort = simulate_cohort(n_samples=400, n_drugs=6, n_features=24, random_state=4)
    calls = pd.DataFrame(cohort.genotypes.dense(), cohort.genotypes.sample_ids, cohort.genotypes.features.index)
    common = cohort.truth[cohort.truth["mechanism_of_effect"] == "common"]
    means = cohort.responses.table.groupby("sample_id")["response"].mean().reindex(calls.index)
    tissues = pd.get_dummies(cohort.samples["tissue"]).reindex(calls.index).to_numpy(dtype=float)
    design = np.column_stack([calls.to_numpy(), tissues])
    fitted = np.linalg.lstsq(design, means.to_numpy(), rcond=None)[0]
    estimates = pd.Series(fitted[: calls.shape[1]], calls.columns)[common["feature_id"]]
    yield close("Planted effects, by least squares on means over drugs", estimates, common["effect"], 0.6)
    yield equal(
        "Signs of the planted effects", bool((np.sign(estimates.to_numpy()) == np.sign(common["effect"])).all()), True
    )
    again = simulate_cohort(n_samples=400, n_drugs=6, n_features=24, random_state=4)
    yield equal("The same seed gives the same responses", cohort.responses.table.equals(again.responses.table), True)
    for outcome in ("binary", "ordinal", "interval", "time-to-event"):
        drawn = simulate_cohort(n_samples=60, n_drugs=2, n_features=20, outcome=outcome)
        yield equal(f"Outcome that is simulated as {outcome}", drawn.responses.outcome.kind, outcome)


def _counts(bench: Bench) -> Iterator[Check]:
    """Frequencies and missing calls are those that are counted by hand"""
    truth = pd.read_csv(bench.pack / "genotypes" / "truth.csv", index_col=0)
    genotypes = read_genotypes(bench.pack / "genotypes" / "variants.vcf")
    summary = overview_of(genotypes).summary
    truth = truth[genotypes.features.index]
    share = truth.mean() / 2
    yield close("Minor allele frequencies", summary.frequency, np.minimum(share, 1 - share), 1e-6)
    yield close("Shares of missing calls", summary.feature_missing, truth.isna().mean(), 1e-6)
    yield close("Alternate alleles of each sample", summary.samples["n_altered"], (truth > 0).sum(axis=1), 0)
    one_copy = (truth == 1).sum(axis=1) / truth.notna().sum(axis=1)
    yield close("Heterozygosity of each sample", summary.samples["heterozygosity"], one_copy, 1e-6)


def _adapted(bench: Bench) -> Iterator[Check]:
    """Pilot measurements bring predictions of other drugs nearer to what is measured"""
    rng = np.random.default_rng(9)
    ids = [f"A{i}" for i in range(90)]
    sensitivity = pd.Series(rng.normal(0, 1, 90), ids)
    drugs = ["D1", "D2", "D3", "D4"]
    rows = pd.DataFrame(
        [[one, drug, i + sensitivity[one] + rng.normal(0, 0.3)] for one in ids for i, drug in enumerate(drugs)],
        columns=["sample_id", "drug_id", "response"],
    )
    calls = pd.DataFrame(rng.binomial(1, 0.3, (90, 20)), ids, [f"G{i}_mut" for i in range(20)])
    model = bench.model_of(calls.head(60), rows[rows["sample_id"].isin(ids[:60])])
    new = rows[rows["sample_id"].isin(ids[60:])]
    pilots = new[new["drug_id"].isin(["D1", "D2"])]
    plain = model.predict(calls.tail(30)).set_index(["sample_id", "drug_id"])["prediction"]
    adapted = model.adapt(calls.tail(30), pilots).set_index(["sample_id", "drug_id"])
    measured = new.set_index(["sample_id", "drug_id"])["response"].reindex(adapted.index)
    errors = [
        float(((measured - told) ** 2).mean() ** 0.5) for told in (adapted["prediction"], plain.reindex(adapted.index))
    ]
    # two measurements of a shared level of variance 1, each with noise of 0.3
    best = float(np.sqrt(1 / (1 + 2 / 0.3**2) + 0.3**2))
    yield within("RMSE after two pilots, in units of the best that is possible", errors[0] / best, 0.85, 1.25)
    yield at_least("RMSE without pilots, in units of that with them", errors[1] / errors[0], 2.0)
    yield equal("Pilots that corrected each row", set(adapted["pilots"]), {2})


CHECKS = (_associations, _attributions, _curves, _simulated, _counts, _adapted)

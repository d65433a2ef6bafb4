"""The traps: each a simulated cohort in which one thing is wrong, and the words by which it is known to be told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from benchmarks.traps.cohorts import Tables, simulated_tables

__all__ = ["TRAPS", "Trap"]

_LINES: Mapping[str, int | str] = {"n_samples": 150, "n_drugs": 8, "n_features": 60}
_PATIENTS: Mapping[str, int | str] = {"n_samples": 250, "n_features": 60}
_FAMILIES: Mapping[str, int | str] = {"n_samples": 120, "n_features": 1500}
_YES_OR_NO: Mapping[str, int | str] = {"n_samples": 250, "n_features": 400, "outcome": "binary"}


@dataclass(frozen=True)
class Trap:
    """One thing that is wrong with a cohort."""

    plant: Callable[[Tables, np.random.Generator], None]
    told_by: str
    sizes: Mapping[str, int | str] = field(default_factory=lambda: _LINES)

    @property
    def preset(self) -> str:
        """Screens have several drugs, patients take one."""
        return "cell-lines" if "n_drugs" in self.sizes else "germline"

    def cohort(self, random_state: int) -> Tables:
        """The cohort with the trap in it."""
        tables = simulated_tables(self.preset, random_state, **self.sizes)
        self.plant(tables, np.random.default_rng(random_state))
        return tables


def _response_of_samples(tables: Tables) -> pd.Series:
    """Mean response of each sample, in the order of the samples."""
    return tables.responses.groupby("sample_id")["response"].mean().reindex(tables.samples["sample_id"])


def _person_under_two_ids(tables: Tables, rng: np.random.Generator) -> None:
    twice = tables.genotypes["sample_id"].sample(10, random_state=int(rng.integers(1000)))
    for name in ("genotypes", "samples", "responses"):
        table = getattr(tables, name)
        copies = table[table["sample_id"].isin(twice)].copy()
        copies["sample_id"] = "again_" + copies["sample_id"]
        if name == "responses":
            copies["response"] += rng.normal(0, 0.3, len(copies))
        setattr(tables, name, pd.concat([table, copies], ignore_index=True))


def _covariate_is_response(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    tables.samples["score_1"] = (3.0 - 2.0 * _response_of_samples(tables)).to_numpy()
    tables.options += ["--covariates", "tissue,score_1"]


def _feature_is_response(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    _add_score(tables, np.exp(_response_of_samples(tables).to_numpy() / 3))


def _add_score(tables: Tables, values: np.ndarray) -> None:
    tables.genotypes["EXPR"] = values
    row = {"feature_id": "EXPR", "kind": "score", "gene": "EXPR", "chromosome": "", "position": ""}
    tables.features = pd.concat([tables.features, pd.DataFrame([row])], ignore_index=True)


def _feature_is_noisy_copy(tables: Tables, rng: np.random.Generator) -> None:
    y = _response_of_samples(tables).to_numpy()
    _add_score(tables, y + rng.normal(0, 0.3 * y.std(), len(y)))


def _covariate_is_noisy_copy(tables: Tables, rng: np.random.Generator) -> None:
    y = _response_of_samples(tables).to_numpy()
    tables.samples["platelets"] = y + rng.normal(0, 0.3 * y.std(), len(y))
    tables.options += ["--covariates", "age,sex,platelets"]


def _batch_is_tissue(tables: Tables, rng: np.random.Generator) -> None:
    batch = "b_" + tables.samples["tissue"].str[:2]
    wrong = rng.random(len(batch)) < 0.04
    tables.samples["batch"] = np.where(wrong, "b_lu", batch)


def _batch_moves_response(tables: Tables, rng: np.random.Generator) -> None:
    tables.samples["plate"] = rng.choice(["p1", "p2", "p3"], len(tables.samples))
    plate = tables.samples.set_index("sample_id")["plate"]
    level = tables.responses["sample_id"].map(plate).map({"p1": 0.0, "p2": 4.0, "p3": 9.0})
    tables.responses["response"] += level * 0.7


def _study_moves_response(tables: Tables, rng: np.random.Generator) -> None:
    study = pd.Series(rng.choice(["first", "second"], len(tables.samples)), tables.samples["sample_id"])
    tables.responses["study"] = tables.responses["sample_id"].map(study)
    tables.responses["response"] += 4.0 * (tables.responses["study"] == "second")


def _one_sample_a_tissue(tables: Tables, rng: np.random.Generator) -> None:
    alone = rng.random(len(tables.samples)) < 0.5
    own = pd.Series([f"organ {number}" for number in range(len(tables.samples))])
    tables.samples["tissue"] = own.where(alone, tables.samples["tissue"])


def _every_sample_its_tissue(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    tables.samples["tissue"] = [f"organ {number}" for number in range(len(tables.samples))]


def _concentration_as_logarithm(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    tables.responses["response"] = np.exp(tables.responses["response"])
    tables.options += ["--measure", "ln_ic50"]


def _unnamed_concentration(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    tables.responses["response"] = np.exp(tables.responses["response"])


def _decadic_molar_as_natural(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    tables.responses["response"] = tables.responses["response"] / np.log(10) - 6
    tables.options += ["--measure", "ln_ic50"]


def _percent_as_fraction(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    y = tables.responses["response"]
    tables.responses["response"] = 100 / (1 + np.exp(-(y - y.mean()) / y.std()))
    tables.options += ["--measure", "auc"]


def _sign_reversed(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    tables.responses["response"] = 6 - tables.responses["response"] / np.log(10)
    tables.options += ["--measure", "log10_ic50_m"]


def _few_events(tables: Tables, rng: np.random.Generator) -> None:
    keep = tables.genotypes["sample_id"].sample(70, random_state=int(rng.integers(1000)))
    tables.responses = tables.responses[tables.responses["sample_id"].isin(keep)]


def _constant_within_drugs(tables: Tables, rng: np.random.Generator) -> None:
    drugs = tables.drugs["drug_id"]
    flat = dict(zip(drugs, rng.normal(size=len(drugs)).round(2), strict=True))
    kept = set(drugs[:2])
    of_drug = tables.responses["drug_id"].map(flat)
    tables.responses["response"] = tables.responses["response"].where(tables.responses["drug_id"].isin(kept), of_drug)


def _constant_within_tissues(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    tissue = tables.responses["sample_id"].map(tables.samples.set_index("sample_id")["tissue"])
    groups = tables.responses.groupby([tissue, "drug_id"])["response"]
    tables.responses["response"] = groups.transform("mean").round(3)


def _enormous_outliers(tables: Tables, rng: np.random.Generator) -> None:
    at = rng.choice(len(tables.responses), 3, replace=False)
    tables.responses.loc[tables.responses.index[at], "response"] = 1e12


def _clones(tables: Tables, rng: np.random.Generator) -> None:
    genotypes = tables.genotypes.set_index("sample_id")
    ancestors = rng.integers(15, size=len(genotypes))
    calls = genotypes.to_numpy()[:15][ancestors]
    flips = rng.random(calls.shape) < 0.02
    tables.genotypes = pd.DataFrame(
        np.where(flips, 1 - calls, calls), index=genotypes.index, columns=genotypes.columns
    ).reset_index()
    tables.samples["clone"] = [f"ST{number}" for number in ancestors]


def _siblings(tables: Tables, rng: np.random.Generator) -> None:
    genotypes = tables.genotypes.set_index("sample_id")
    calls, half = genotypes.to_numpy(dtype=float), len(genotypes) // 2
    parents = rng.binomial(2, np.nanmean(calls, axis=0) / 2, (half, calls.shape[1]))
    couples = np.resize(np.arange(half // 2 * 2).reshape(-1, 2).repeat(2, axis=0), (half, 2))
    children = rng.binomial(1, parents[couples[:, 0]] / 2) + rng.binomial(1, parents[couples[:, 1]] / 2)
    tables.genotypes = pd.DataFrame(
        np.vstack([calls[: len(genotypes) - half], children]), index=genotypes.index, columns=genotypes.columns
    ).reset_index()


def _drug_in_one_tissue(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    tissue = tables.responses["sample_id"].map(tables.samples.set_index("sample_id")["tissue"])
    drug = tables.drugs["drug_id"].iloc[0]
    tables.responses = tables.responses[(tables.responses["drug_id"] != drug) | (tissue == "lung")]


def _clipped(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    middle = tables.responses.groupby("drug_id")["response"].transform("median")
    tables.responses["response"] = np.minimum(tables.responses["response"], middle)


def _measured_in_one_group(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    women = tables.samples.loc[tables.samples["sex"] == "female", "sample_id"]
    tables.responses = tables.responses[tables.responses["sample_id"].isin(women)]


def _measured_in_responders(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    middle = tables.responses["response"].median()
    kept = tables.responses["response"] > middle
    responders = set(tables.responses.loc[kept, "sample_id"])
    tables.samples["ward"] = np.where(tables.samples["sample_id"].isin(responders), "A", "B")
    tables.responses = tables.responses[kept]
    tables.options += ["--covariates", "age,sex,ancestry,ward"]


def _one_drug_twice(tables: Tables, rng: np.random.Generator) -> None:  # noqa: ARG001
    one, other = tables.drugs["drug_id"].iloc[:2]
    copy = tables.responses[tables.responses["drug_id"] == one].assign(drug_id=other)
    tables.responses = pd.concat([tables.responses[tables.responses["drug_id"] != other], copy], ignore_index=True)


def _drugs_swapped(tables: Tables, rng: np.random.Generator) -> None:
    """All rows a second time, with the drugs' names mixed up, as after a faulty join."""
    drugs = tables.drugs["drug_id"].to_numpy()
    swapped = dict(zip(drugs, np.roll(drugs, 1 + int(rng.integers(len(drugs) - 1))), strict=True))
    again = tables.responses.assign(drug_id=tables.responses["drug_id"].map(swapped))
    tables.responses = pd.concat([tables.responses, again], ignore_index=True)


def _rows_shifted(tables: Tables, rng: np.random.Generator) -> None:
    """Genotypes with sites on X, joined to the sample of the row before."""
    men = (tables.samples["sex"] == "male").to_numpy()
    frequency = rng.uniform(0.2, 0.5, 12)
    copies = rng.binomial(2, frequency, (len(men), 12))
    copies[men] = 2 * rng.binomial(1, frequency, (int(men.sum()), 12))
    names = [f"X:{10_000_000 + 1000 * number}:A:G" for number in range(12)]
    sites = pd.DataFrame({"feature_id": names, "kind": "dosage", "gene": "", "chromosome": "X"})
    sites = sites.assign(position=[10_000_000 + 1000 * number for number in range(12)], ref="A", alt="G")
    tables.features = pd.concat([tables.features, sites], ignore_index=True)
    tables.genotypes = pd.concat([tables.genotypes, pd.DataFrame(copies, columns=names)], axis=1)
    tables.genotypes["sample_id"] = np.roll(tables.genotypes["sample_id"].to_numpy(), 1)


def _one_row_weighs_all(tables: Tables, rng: np.random.Generator) -> None:
    tables.responses["weight"] = 1.0
    tables.responses.loc[rng.choice(tables.responses.index, 5, replace=False), "weight"] = 1e6


def _one_profile_of_two_samples(tables: Tables, rng: np.random.Generator) -> None:
    names = rng.permutation(tables.samples["sample_id"])
    to = dict(zip(names[:20], names[20:40], strict=True))
    copies = tables.responses[tables.responses["sample_id"].isin(to)].copy()
    copies["sample_id"] = copies["sample_id"].map(to)
    others = tables.responses[~tables.responses["sample_id"].isin(to.values())]
    tables.responses = pd.concat([others, copies], ignore_index=True)


def _missing_calls_tell_response(tables: Tables, rng: np.random.Generator) -> None:
    y = _response_of_samples(tables)
    weak = (y < y.median()).to_numpy()
    for name in tables.genotypes.columns[5:15]:
        calls = tables.genotypes[name].astype(float)
        tables.genotypes[name] = calls.mask(weak & (rng.random(len(calls)) < 0.5))


TRAPS: Mapping[str, Trap] = {
    "one person under two ids": Trap(_person_under_two_ids, "may be one person"),
    "a covariate is the response": Trap(_covariate_is_response, "it is the response itself"),
    "a feature is the response": Trap(_feature_is_response, "it is the response itself"),
    "a feature is a noisy copy of the response": Trap(_feature_is_noisy_copy, "than two measurements", _PATIENTS),
    "a covariate is a noisy copy of the response": Trap(_covariate_is_noisy_copy, "than two measurements", _PATIENTS),
    "half of the patients have a sibling": Trap(_siblings, "parent, child or sibling", _FAMILIES),
    "batch in line with tissue": Trap(_batch_is_tissue, "cannot be told apart"),
    "plates differ in their level": Trap(_batch_moves_response, "plate tells"),
    "studies differ in their level": Trap(_study_moves_response, "study tells"),
    "one sample a tissue, of half of the samples": Trap(_one_sample_a_tissue, "with a single sample"),
    "IC50 in uM trained as ln_ic50": Trap(_concentration_as_logarithm, "IC50s"),
    "IC50 in uM without a measure": Trap(_unnamed_concentration, "their logarithm"),
    "log10 of M trained as ln_ic50": Trap(_decadic_molar_as_natural, "log10 of M"),
    "percent trained as fraction": Trap(_percent_as_fraction, "percent"),
    "sign reversed against the measure": Trap(_sign_reversed, "sign"),
    "tens of events for hundreds of features": Trap(_few_events, "too few", _YES_OR_NO),
    "constant responses within drugs": Trap(_constant_within_drugs, "All responses are equal"),
    "responses constant within tissues": Trap(_constant_within_tissues, "of one tissue are equal"),
    "outliers of 1e12": Trap(_enormous_outliers, "of all squared"),
    "clones on both sides of folds": Trap(_clones, "Lineages straddle"),
    "a drug measured in one tissue only": Trap(_drug_in_one_tissue, "in one tissue only"),
    "half of the responses at a ceiling": Trap(_clipped, "stand at"),
    "only women were measured": Trap(_measured_in_one_group, "None of the", _PATIENTS),
    "only responders were measured": Trap(_measured_in_responders, "None of the", _PATIENTS),
    "one drug's responses under another name": Trap(_one_drug_twice, "same responses"),
    "rows twice, with drugs mixed up": Trap(_drugs_swapped, "disagree"),
    "genotypes joined to the row before": Trap(_rows_shifted, "sex", _PATIENTS),
    "five rows weigh all": Trap(_one_row_weighs_all, "weigh"),
    "one sample's responses under another id": Trap(_one_profile_of_two_samples, "same responses"),
    "missing calls tell the response": Trap(_missing_calls_tell_response, "missing", _PATIENTS),
}

"""What is asked of the cohorts with outcomes: their tables, folds and what is scored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.data.outcomes.outcome import Kind
from drugresponse.data.tables import Responses
from drugresponse.model.training import join_tables
from drugresponse.readers import read_genotypes
from drugresponse.readers.resistance.parents import gene_parents, mutation_parents, parent_text

__all__ = ["QUESTIONS", "Question", "Tables"]

_PLAIN, _PARENTS = "", " with parents"


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of a question.

    Attributes
    ----------
    genotypes
        By what is written behind the learner's name; "" are those that references have.
    responses, samples, splits
        As `evaluate` takes them.
    covariates
        Columns of the samples table.
    """

    genotypes: Mapping[str, Genotypes]
    responses: Responses
    samples: pd.DataFrame
    splits: pd.DataFrame
    covariates: tuple[str, ...] = ()

    def rows(self, scheme: str, variant: str = _PLAIN) -> TrainingRows:
        """The joined rows; those of every variant come in one order."""
        columns = (list(self.covariates), None, None)
        return join_tables(self.genotypes[variant], self.responses, None, self.samples, *columns, scheme)[1]


@dataclass(frozen=True)
class Question:
    """A cohort with an outcome, on given folds.

    Attributes
    ----------
    name
        On the command line.
    title
        Above the table.
    kind
        Of the outcome.
    read
        Gives the tables, from the data folder.
    scheme
        What the folds hold out.
    variants
        What is written behind learners' names whose genotypes differ.
    """

    name: str
    title: str
    kind: Kind
    read: Callable[[Path], Tables]
    scheme: str = "new-samples"
    variants: tuple[str, ...] = (_PLAIN,)


@cache
def _isolates(folder: Path) -> tuple[dict[str, Genotypes], pd.DataFrame, pd.DataFrame]:
    """Genotypes without and with parents, samples with their lineages, folds."""
    features = pd.read_csv(folder / "features.tsv", sep="\t", keep_default_na=False)
    plain = read_genotypes(folder / "genotypes.parquet")
    parents = {
        str(row["feature_id"]): _parents(str(row["feature_id"]), f"{row['amr_subclass']}/{row['amr_class']}")
        for row in features.to_dict("records")
    }
    named = plain.features.assign(parent=[parents[str(name)] for name in plain.features.index])
    genotypes = {_PLAIN: plain, _PARENTS: Genotypes(plain.values, plain.sample_ids, named)}
    samples = pd.read_csv(folder / "samples.tsv", sep="\t", dtype=str).set_index("sample_id")[["lineage"]]
    return genotypes, samples, _splits(folder)


def _parents(feature: str, classes: str) -> str:
    """As the reader of AMRFinderPlus tells them."""
    gene, _, change = feature.partition("_")
    told = mutation_parents(gene, classes.split("/")) if change else gene_parents(feature, classes.split("/"))
    return parent_text(told)


def _splits(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "splits" / "new_samples.tsv.gz", sep="\t", dtype={"sample_id": str})[
        ["sample_id", "fold"]
    ]


def _resistance(data: Path) -> Tables:
    folder = data / "ecoli_ast"
    genotypes, samples, splits = _isolates(folder)
    rows = pd.read_csv(folder / "responses.tsv", sep="\t", dtype={"sample_id": str})
    rows = rows[["sample_id", "drug_id", "sir"]].rename(columns={"sir": "response"})
    return Tables(genotypes, Responses.build(rows, outcome="binary", classes="S<R"), samples, splits)


def _concentrations(data: Path) -> Tables:
    folder = data / "ecoli_ast"
    genotypes, samples, splits = _isolates(folder)
    rows = pd.read_csv(folder / "responses_mic.tsv.gz", sep="\t", dtype=str)
    rows = rows[["sample_id", "drug_id", "mic"]].rename(columns={"mic": "response"})
    return Tables(genotypes, Responses.build(rows, outcome="interval"), samples, splits)


def _follow_up(folder: Path, times: pd.DataFrame, covariates: tuple[str, ...]) -> Tables:
    samples = pd.read_csv(folder / "samples.tsv", sep="\t", dtype={"sample_id": str}).set_index("sample_id")
    responses = Responses.build(times[["sample_id", "time", "event"]], outcome="time-to-event")
    genotypes = read_genotypes(folder / "genotypes.parquet")
    return Tables({_PLAIN: genotypes}, responses, samples[list(covariates)], _splits(folder), covariates)


def _leukaemia(endpoint: str, covariates: tuple[str, ...]) -> Callable[[Path], Tables]:
    def read(data: Path) -> Tables:
        times = pd.read_csv(data / "cll_exvivo" / "survival.tsv", sep="\t", dtype={"sample_id": str})
        return _follow_up(data / "cll_exvivo", times[times["endpoint"] == endpoint], covariates)

    return read


def _myeloid(covariates: tuple[str, ...]) -> Callable[[Path], Tables]:
    def read(data: Path) -> Tables:
        times = pd.read_csv(data / "tcga_laml" / "responses.tsv", sep="\t", dtype={"sample_id": str})
        return _follow_up(data / "tcga_laml", times, covariates)

    return read


_CUTS = {"ABC": (2.0, 6.0), "D4T": (1.5, 3.0), "DDI": (1.5, 3.0), "TDF": (1.5, 3.0)}
_USUAL_CUTS = (3.0, 15.0)


def _fold_changes(data: Path) -> Tables:
    """Susceptible, intermediate or resistant by the drug's fold changes."""
    folder = data / "hivdb_nrti"
    rows = pd.read_csv(folder / "responses.tsv", sep="\t", dtype={"sample_id": str})
    cuts = np.log10([_CUTS.get(drug, _USUAL_CUTS) for drug in rows["drug_id"]])
    number = (rows["response"].to_numpy()[:, None] >= cuts).sum(axis=1)
    classed = rows[["sample_id", "drug_id"]].assign(response=np.array(["S", "I", "R"], dtype=object)[number])
    genotypes = {_PLAIN: read_genotypes(folder / "genotypes.parquet")}
    samples = pd.DataFrame(index=pd.Index(rows["sample_id"].unique(), name="sample_id"))
    return Tables(genotypes, Responses.build(classed, outcome="ordinal", classes="S<I<R"), samples, _splits(folder))


_CLINIC = ("sex", "age", "sampled_before_treatment")
_ALL = (
    Question(
        "resistance",
        "*E. coli*, resistant or not: lineages held out",
        "binary",
        _resistance,
        "new-lineages",
        variants=(_PLAIN, _PARENTS),
    ),
    Question(
        "mic",
        "*E. coli*, minimum inhibitory concentrations, 92 % of them limits: lineages held out",
        "interval",
        _concentrations,
        "new-lineages",
        variants=(_PLAIN, _PARENTS),
    ),
    Question(
        "treatment",
        "Leukaemia, time to treatment, genotype alone",
        "time-to-event",
        _leukaemia("time_to_treatment", ()),
    ),
    Question(
        "treatment-covariates",
        "Leukaemia, time to treatment, with sex, age and earlier treatment",
        "time-to-event",
        _leukaemia("time_to_treatment", _CLINIC),
    ),
    Question(
        "survival",
        "Leukaemia, overall survival (26 deaths, no verdict), with sex, age and earlier treatment",
        "time-to-event",
        _leukaemia("overall_survival", _CLINIC),
    ),
    Question("laml", "TCGA LAML, overall survival, genotype alone", "time-to-event", _myeloid(())),
    Question("fold-changes", "HIV-1, classes of fold change", "ordinal", _fold_changes),
)
QUESTIONS: Mapping[str, Question] = {each.name: each for each in _ALL}

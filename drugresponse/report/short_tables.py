"""Short tables for people: a verdict first, four significant digits, names of drugs beside their ids."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_float_dtype

from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.labels import LOSS_METRICS
from drugresponse.data.tables import Measure
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.model.judging.judgement import judge
from drugresponse.model.model import DrugResponseModel
from drugresponse.model.predictions import unlike_training
from drugresponse.report.drug_names import drug_names
from drugresponse.report.drug_ranking import ranked_ends
from drugresponse.report.evaluation import evaluation_title
from drugresponse.report.evaluation_numbers import Numbers
from drugresponse.verdict import NOT_CHECKED, ModelVerdict, measure_of, model_verdict

__all__ = ["short_evaluation", "short_predictions", "short_training"]

ALL_DRUGS = "all drugs"
_UNLIKE = "unproven: unlike the training, see the flag"
_DIRECTIONS = {
    "sensitive": ("less sensitive", "more sensitive"),
    "resistant": ("more sensitive", "more resistant"),
    "dose": ("lower dose", "higher dose"),
    "later": ("earlier", "later"),
}
_JUDGEMENTS = {
    "better": "better than naive",
    "same": "not reliably better than naive",
    "worse": "worse than naive",
    "unknown": "cannot be judged",
}


def short_predictions(
    predictions: pd.DataFrame, model: DrugResponseModel, drugs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Predictions for people: what each row amounts to, before its numbers.

    Parameters
    ----------
    predictions
        As `DrugResponseModel.predict` or `adapt` returns it.
    model
        That predicted.
    drugs
        Names of drugs that the model does not know: index `drug_id`, column `name`.

    Returns
    -------
    pandas.DataFrame
        Columns `sample_id, drug_id, drug_name, verdict, flag, difference` (prediction minus baseline, of ordered
        classes in classes), `prediction, lower, upper, baseline`, and of dilutions `value` and `reading` with their
        bounds in the unit; samples in their order, the drugs of each by difference, the end that the measure's
        direction asks for first. The verdict is the direction away from the baseline, and whether the baseline lies
        beyond the bounds; of yes and no and of classes what is called, and what else remains possible. It is `unproven`
        where the model was not shown to be better than naive predictions, was not checked, or its inputs leak, and in
        rows flagged `outside-scheme`, `out-of-range` or `few-features`; `not predicted` where there is no prediction.
        Numbers have four significant digits.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel(learner="ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> table = dr.short_predictions(model.predict(cohort.genotypes), model, cohort.drugs)
    >>> table.columns[3:6].tolist(), table["verdict"].unique().tolist()
    (['verdict', 'flag', 'difference'], ['unproven: the model was not checked'])
    """
    manifest = model.manifest_
    outcome = Outcome.from_dict(manifest["outcome"]) if "outcome" in manifest else None
    table = predictions.astype({"sample_id": str, "drug_id": str}).reset_index(drop=True)
    table["flag"] = table["flag"].fillna("").astype(str)
    table["difference"] = _difference(table, outcome)
    known = table["prediction"].notna()
    unproven = _unproven(model_verdict(manifest))
    measure = measure_of(manifest)
    called = _called(table) if outcome is not None and outcome.has_classes else _directed(table, measure, outcome)
    table["verdict"] = np.where(known, unproven or np.where(unlike_training(table), _UNLIKE, called), "not predicted")
    ascending = ranked_ends(measure)[0] == "lowest"
    order = pd.Series(pd.factorize(table["sample_id"])[0])
    table = table.assign(order=order).sort_values(
        ["order", "difference", "drug_id"], ascending=[True, ascending, True], kind="stable", ignore_index=True
    )
    natural = [f"{name}{end}" for name in ("value", "reading") for end in ("", "_lower", "_upper")]
    of_unit = [name for name in natural if name in table.columns]
    columns = ["flag", "difference", "prediction", "lower", "upper", "baseline", *of_unit]
    return _for_people(table, drug_names(model.drugs_, drugs), columns, ["sample_id"])


def short_evaluation(evaluation: EvaluationSummary) -> pd.DataFrame:
    """For which drugs genotype helps, for people.

    Parameters
    ----------
    evaluation
        What `evaluate` returns.

    Returns
    -------
    pandas.DataFrame
        Columns `drug_id, drug_name, verdict, gain` (what genotype saves of the error, or loss, without it), its 95 %
        bounds `lower, upper`, `q` and the rows `n`. The first row is of all drugs together, under the verdict on the
        whole; then drugs by falling gain. Numbers have four significant digits.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> found = dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=2, shuffles=0, n_jobs=1)
    >>> dr.short_evaluation(found).iloc[0, :3].tolist()
    ['all drugs', '', 'Genotype adds nothing that shows']
    """
    numbers, table = Numbers(evaluation), evaluation.drug_verdicts
    whole: dict[str, Any] = {"drug_id": ALL_DRUGS, "verdict": evaluation_title(evaluation)}
    whole["n"] = int((evaluation.evaluation.fold[0] >= 0).sum())
    learner = numbers.genotype_learner()
    if learner is not None:
        gain, whole["q"] = numbers.gain(learner, numbers.without_genotype())
        whole |= {"gain": gain.value, "lower": gain.lower, "upper": gain.upper}
    table = pd.concat([pd.DataFrame([whole]), table.astype({"n": int})], ignore_index=True)
    return _for_people(table, numbers.drug_names(), ["gain", "lower", "upper", "q", "n"])


def short_training(model: DrugResponseModel) -> pd.DataFrame:
    """How a model did on held-out rows, drug by drug, for people.

    Parameters
    ----------
    model
        That was fitted, not loaded: a file keeps no scores of single drugs.

    Returns
    -------
    pandas.DataFrame
        Columns `drug_id, drug_name, verdict, skill` (the share saved of the error, or loss, of the best naive
        prediction), `error, naive_error` (RMSE, or the loss of the outcome), `folds_better, folds`. The first row is of
        all drugs together, under the verdict on the model; then drugs by falling skill, of which `better` and `worse`
        are said where the 95 % interval of the skill is, each drug by itself. Numbers have four significant digits.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel(learner="ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> dr.short_training(model).iloc[0, :3].tolist()
    ['all drugs', '', 'Not checked']
    """
    manifest, metrics = model.manifest_, model.metrics_
    verdict = model_verdict(manifest, metrics)
    columns = ["skill", "error", "naive_error", "folds_better", "folds"]
    whole: dict[str, Any] = {"drug_id": ALL_DRUGS}
    rows = [whole]
    if metrics is not None:
        kind = Outcome.from_dict(manifest["outcome"]).kind if "outcome" in manifest else "continuous"
        scored = metrics[metrics["metric"].isin(["skill", LOSS_METRICS[kind]])]
        learner = str(manifest["learner"])
        whole |= _scores(scored[scored["level"] == "global"], learner)
        of_drugs = scored[(scored["level"] == "drug") & (scored["id"] != "mean")]
        rows += [{"drug_id": str(drug), **_scores(of_drug, learner)} for drug, of_drug in of_drugs.groupby("id")]
    rows[1:] = sorted(rows[1:], key=lambda row: -np.nan_to_num(row["skill"], nan=-np.inf))
    if verdict.leaks:
        for row in rows[1:]:
            row["verdict"] += ", but the inputs leak" if row["verdict"] == _JUDGEMENTS["better"] else ""
    whole["verdict"] = verdict.title
    table = pd.DataFrame(rows).reindex(columns=["drug_id", "verdict", *columns])
    return _for_people(table, drug_names(model.drugs_), columns)


def _scores(rows: pd.DataFrame, learner: str) -> dict[str, Any]:
    """Of a learner beside the best naive prediction."""
    average, own = rows["fold"].astype(str) == "all", rows["learner"] == learner
    is_skill = rows["metric"] == "skill"
    skill = rows.loc[average & own & is_skill, ["value", "lower", "upper"]]
    folds = [float(value) for value in rows.loc[~average & own & is_skill, "value"] if np.isfinite(value)]
    value, lower, upper = map(float, skill.iloc[0]) if len(skill) else (float("nan"),) * 3
    return {
        "verdict": _JUDGEMENTS[judge(value, lower, upper)],
        "skill": value,
        "error": rows.loc[average & own & ~is_skill, "value"].min(),
        "naive_error": rows.loc[average & ~own & ~is_skill, "value"].min(),
        "folds_better": sum(each > 0 for each in folds),
        "folds": len(folds),
    }


def _unproven(verdict: ModelVerdict) -> str:
    """Why no prediction of a model says more than its baseline; nothing where one may."""
    if verdict.leaks:
        return "unproven: what the model was trained on leaks"
    if verdict.title == NOT_CHECKED:
        return "unproven: the model was not checked"
    return "" if verdict.judgement == "better" else "unproven: the model is not shown to be better than naive"


def _difference(table: pd.DataFrame, outcome: Outcome | None) -> pd.Series:
    if outcome is None or outcome.kind != "ordinal":
        return table["prediction"].astype(np.float64) - table["baseline"].astype(np.float64)
    codes = {word: float(code) for code, word in enumerate(outcome.classes)}
    return table["prediction"].map(codes).astype(np.float64) - table["baseline"].map(codes).astype(np.float64)


def _directed(table: pd.DataFrame, measure: Measure, outcome: Outcome | None) -> NDArray[np.object_]:
    """Which way a prediction lies from its baseline, and whether its bounds leave the baseline out."""
    later = "later" if outcome is not None and outcome.kind == "time-to-event" else measure.higher_means
    less, more = _DIRECTIONS.get(later or "", ("lower", "higher"))
    difference = table["difference"].round(12)
    way = np.select([difference > 0, difference < 0], [more, less], "as the baseline").astype(object)
    outside = (table["baseline"] < table["lower"]) | (table["baseline"] > table["upper"])
    sure = np.select(
        [table["lower"].isna(), outside], ["no bounds", "baseline beyond bounds"], "baseline within bounds"
    )
    return np.where(way == "as the baseline", way, way + "; " + sure.astype(object))


def _called(table: pd.DataFrame) -> NDArray[np.object_]:
    """What is called, and what else 90 % coverage leaves possible."""
    calls = table["class" if "class" in table.columns else "prediction"]
    return np.array(
        [_call(str(call), others) for call, others in zip(calls, table["class_set"], strict=True)], dtype=object
    )


def _call(call: str, class_set: Any) -> str:
    if pd.isna(class_set) or not str(class_set):
        return f"{call}; no bounds"
    possible = str(class_set).split(";")
    others = [word for word in possible if word != call]
    if call not in possible:
        return f"{call} by the threshold, {' or '.join(others)} by the bounds"
    return f"{call}; {' and '.join(others)} possible too" if others else f"{call} alone"


def _for_people(
    table: pd.DataFrame, names: Mapping[str, str], columns: list[str], before: list[str] | None = None
) -> pd.DataFrame:
    """The columns in their order, with names of drugs, floats to four significant digits."""
    table = table.assign(drug_name=[names.get(str(drug), "") for drug in table["drug_id"]])
    table = table[[*(before or []), "drug_id", "drug_name", "verdict", *columns]]
    floats = [name for name in columns if is_float_dtype(table[name])]
    return table.assign(**{name: [float(f"{value:.4g}") for value in table[name]] for name in floats})

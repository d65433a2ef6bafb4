"""A model card: front matter as hubs read it, what the model must not be used for, what it is, and a checklist."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drugresponse.audit.findings import caution_messages, findings_of
from drugresponse.data.metrics import METRIC_LABELS
from drugresponse.data.scores.labels import metric_label
from drugresponse.description import describe_model
from drugresponse.report.blocks import Items, Part, Report, Row, Table, Words
from drugresponse.report.markdown import as_markdown
from drugresponse.report.method import joining_part, method_part
from drugresponse.report.page import count
from drugresponse.report.tripod import tripod_part
from drugresponse.report.wording import as_sentence, general_limits, learner_words, notice, scheme_words, verdict_box
from drugresponse.verdict import fitted_learners, measure_of, measure_words, model_verdict
from drugresponse.words import number

__all__ = ["model_card"]

_ONLY = {
    "new-samples": "drugs that it was not trained on",
    "new-lineages": "drugs that it was not trained on",
    "new-studies": "drugs that it was not trained on",
    "new-tissues": "drugs that it was not trained on",
    "new-drugs": "samples that it was not trained on",
    "random-pairs": "samples or drugs that it was not trained on",
}
"""What each scheme has not looked at."""
_OF_INTERVALS = {"coverage": "Share inside the intervals or sets", "width": "Median width of the intervals"}
_NOT_A_METRIC = ("best_naive_rmse", "best_naive_loss", "reference_width")


def model_card(manifest: Mapping[str, Any]) -> str:
    """The card of a model as Markdown with YAML front matter.

    Parameters
    ----------
    manifest
        `DrugResponseModel.manifest_`.

    Returns
    -------
    str
        The same manifest gives the same text. The licence is left open, and so is each item of the checklist that the
        model file knows nothing of.

    References
    ----------
    Mitchell et al. 2019, Model cards for model reporting, doi 10.1145/3287560.3287596.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel(learner="ridge", folds=2).fit(cohort.genotypes, cohort.responses)
    >>> model_card(model.manifest_).splitlines()[:2]
    ['---', '# license: left open; add the one under which the model may be shared']
    """
    measure, training = measure_words(measure_of(manifest)), manifest["training"]
    lead = (
        f"{learner_words(manifest)} for {measure}, trained on {count(training['samples'], 'sample')}, "
        f"{count(training['drugs'], 'drug')} and {count(training['pairs'], 'measured pair')}."
    )
    intended = (
        f"To compare samples, or drugs, by their predicted {measure} in research, for {scheme_words(manifest)}, with "
        "data that were measured and coded as those of the training, beside the naive prediction that stands in each "
        "row."
    )
    parts = [
        Part("What it must not be used for", [Items(_not_for(manifest))]),
        Part("", [verdict_box(model_verdict(manifest))]),
        Part("What it may be used for", [Words(intended)]),
        Part("What it is", [Items([as_sentence(line.rstrip(".")) for line in describe_model(dict(manifest))])]),
        *_scores(manifest),
        joining_part(manifest),
        method_part(manifest),
        Part("Limits", [Items(general_limits(manifest))]),
        tripod_part(manifest),
    ]
    page = as_markdown(Report(f"Model card: {measure} from genotype", lead, parts, notice(manifest)))
    return f"{_front_matter(manifest)}\n{page}"


def _not_for(manifest: Mapping[str, Any]) -> list[str]:
    """What the model must not be used for, the gravest first."""
    verdict = model_verdict(manifest)
    lines = [
        "Decisions about the treatment or the dose of a person: it is for research only.",
        *(f"Any claim that rests on its scores: {leak}" for leak in verdict.leaks),
    ]
    if not verdict.leaks and verdict.judgement in ("same", "worse"):
        lines.append("Predictions in place of the naive ones: held-out rows do not show that they are better.")
    if verdict.judgement == "unknown":
        lines.append("Predictions that others rely on: whether it is better than a naive one is not known.")
    scheme = manifest["scheme"]["name"]
    if scheme in _ONLY:
        lines.append(f"Predictions for {_ONLY[scheme]}: held-out rows were {manifest['scheme']['test_rows']} only.")
    lines.append("Another cohort, assay, ancestry or site, before measurements there have shown how far it holds.")
    lines.append("Statements on causes: a feature may stand for tissue, ancestry or batch.")
    lines += [f"Anything, before this is cleared: {message}" for message in caution_messages(findings_of(manifest))]
    intervals = manifest.get("intervals")
    if intervals and not intervals["claimed"]:
        lines.append("Bounds for new data: none are claimed in this scheme.")
    if manifest["individual_level"]:
        lines.append("Sharing beyond those who may see the training data: the file holds a number for each sample.")
    return lines


def _held_out(manifest: Mapping[str, Any]) -> dict[str, float]:
    """Held-out scores by metric, those that are defined."""
    held = manifest["held_out"] or {}
    scores = {held["metric"]: held["loss"], "skill": held["skill"], **held["scores"]} if "metric" in held else held
    ordered = sorted(scores, key=_place)
    return {
        name: float(scores[name])
        for name in ordered
        if isinstance(scores[name], (int, float)) and name not in _NOT_A_METRIC
    }


def _place(metric: str) -> int:
    """Where a metric stands among those that are shown everywhere; the others come first, as they were told."""
    return list(METRIC_LABELS).index(metric) if metric in METRIC_LABELS else -1


def _scores(manifest: Mapping[str, Any]) -> list[Part]:
    scores = _held_out(manifest)
    if not scores:
        return []
    rows: list[Row] = [[_label(name), number(value)] for name, value in scores.items()]
    held = manifest["held_out"]
    metric, naive = held.get("metric", "rmse"), held.get("best_naive_rmse", held.get("best_naive_loss"))
    words = (
        f"Averages over the folds of the check; {_label(metric)} of the best naive prediction, the "
        f"{held['best_naive']}: {number(naive)}. Errors by tissue, sex or ancestry are not kept in the model file: "
        "evaluate measures them."
    )
    return [Part("Scores on held-out rows", [Table(["Score", "Value"], rows), Words(words, quiet=True)])]


def _label(metric: str) -> str:
    return {**METRIC_LABELS, **_OF_INTERVALS}.get(metric, metric_label(metric))


def _front_matter(manifest: Mapping[str, Any]) -> str:
    """Metadata as the Hub reads it; of inputs that leak no score is told there, where nobody sees the leak."""
    import yaml

    has_classes = bool(manifest.get("outcome", {}).get("classes"))
    task = "tabular-classification" if has_classes else "tabular-regression"
    learners = [name for name in fitted_learners(manifest) if name != manifest["learner"]]
    data: dict[str, Any] = {
        "library_name": "drugresponse",
        "pipeline_tag": task,
        "tags": ["pharmacogenomics", "drug-response", "genomics", manifest["learner"], *learners, "research-use-only"],
    }
    scores = {} if model_verdict(manifest).leaks else _held_out(manifest)
    if scores:
        # on one line: a line of hyphens would end the front matter for readers that look for no more
        measure = " ".join(measure_words(measure_of(manifest)).split())
        result = {
            "task": {"type": task, "name": f"{measure} ({manifest['scheme']['test_rows']})"},
            "dataset": {"type": "not-published", "name": "held-out rows of the training data", "split": "held out"},
            "metrics": [
                {"type": name, "name": _label(name), "value": round(value, 6)} for name, value in scores.items()
            ],
        }
        data["metrics"] = list(scores)
        data["model-index"] = [{"name": f"drugresponse {manifest['learner']}", "results": [result]}]
    text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=120)
    return f"---\n# license: left open; add the one under which the model may be shared\n{text}---\n"

"""The box at the head of an explanation: what both sides name, and how far that can be trusted."""

from __future__ import annotations

from drugresponse.explanation.explain import Explanation
from drugresponse.report.blocks import Verdict
from drugresponse.report.page import count
from drugresponse.verdict import NOT_CHECKED, model_verdict

__all__ = ["explanation_verdict"]


def explanation_verdict(results: Explanation) -> Verdict:
    """What is named by both, in one direction; praised only where noise and held-out rows were looked at."""
    doubts = _doubts(results)
    named = results.agreement
    both = named[named["verdict"] == "both"]
    agreed = both[both["same_direction"].fillna(True).astype(bool)]
    if agreed.empty:
        only = bool((named["verdict"] == "association only").any())
        advice = (
            "Without agreement, take what the model hangs on single features as a way to see how it reasons, not as a "
            "finding."
        )
        title = "No feature is named by both the measurements and the model"
        words = [_tested_words(results), _opposed_words(len(both)), advice, *doubts]
        return Verdict("same" if only else "unknown", title, " ".join(filter(None, words)))
    n_features, n_drugs = len(agreed["feature_id"].unique()), agreed["drug_id"].nunique()
    where = "sure in the measurements and among the model's ten weightiest"
    if results.noise is not None:
        where = "named by both the measurements and the model"
    title = f"{count(n_features, 'feature')} {'is' if n_features == 1 else 'are'} {where}, for {count(n_drugs, 'drug')}"
    words = [
        _tested_words(results),
        f"The model leans on {len(agreed):,} of them too.",
        _opposed_words(len(both) - len(agreed)),
        _noise_words(results),
        *doubts,
        "All are associations in these samples; none is proof of a cause.",
    ]
    return Verdict("same" if doubts else "better", title, " ".join(filter(None, words)))


def _tested_words(results: Explanation) -> str:
    tests = results.associations.n_tests
    if not tests:
        return "No association could be tested: too few samples bear a feature, or covariates tell the responses."
    named = int(results.agreement["verdict"].isin(["both", "association only"]).sum())
    return (
        f"Of {tests:,} tests of a drug with a feature, {count(named, 'association')} stood out at a false-discovery "
        "rate of 5%, features that go together counted once."
    )


def _opposed_words(opposed: int) -> str:
    return f"For {opposed:,} more both name it, and disagree about the direction." if opposed else ""


def _noise_words(results: Explanation) -> str:
    """How many weighty features exceed noise."""
    if results.noise is None:
        return ""
    attributions = results.attributions
    weighty = attributions[(attributions["kind"] == "genotype") & (attributions["rank"] <= 10)]
    above = int(weighty["above_noise"].fillna(False).astype(bool).sum())
    by = "" if results.refit_learner == results.manifest["learner"] else f", in refits of {results.refit_learner}"
    return (
        f"Of the ten weightiest features of each drug, {above:,} of {len(weighty):,} weigh more than copies without "
        f"meaning do{by}."
    )


def _doubts(results: Explanation) -> list[str]:
    """What forbids to take the model's word: noise that was not looked at, or predictions no better than naive ones."""
    doubts = []
    if results.noise is None:
        doubts.append(
            "Without refits nothing was set against noise: here named by the model means among its ten weightiest "
            "features of a drug, and no more."
        )
    verdict = model_verdict(results.manifest)
    if verdict.leaks:
        doubts.append("The model was trained on inputs that leak, so its reasons may be those of the leak.")
    if verdict.title == NOT_CHECKED:
        doubts.append(
            "The model was not checked on held-out rows, so nothing is known about what its reasons are worth."
        )
    elif verdict.judgement != "better":
        doubts.append(
            "On held-out rows the model does not predict reliably better than the best naive prediction, so its "
            "reasons are worth little."
        )
    return doubts

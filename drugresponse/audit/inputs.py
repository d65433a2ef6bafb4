"""What the inputs themselves say against an evaluation, before any model is fitted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.audit._confounding import confounding_findings
from drugresponse.audit._copies import copies_of_response
from drugresponse.audit._levels import level_findings
from drugresponse.audit._lineages import straddling_lineages
from drugresponse.audit._outcomes import outcome_findings
from drugresponse.audit._relatives import straddling_relatives
from drugresponse.audit._responses import response_findings
from drugresponse.audit._same_responses import same_response_findings
from drugresponse.audit._scales import scale_findings
from drugresponse.audit._sexes import sex_findings
from drugresponse.audit.duplicates import find_duplicates
from drugresponse.audit.findings import SEVERITIES, Finding
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import spellings_alike, suggest_ids
from drugresponse.data.joining import TrainingRows
from drugresponse.data.pairs import Pairs
from drugresponse.data.parents.sums import without_parents
from drugresponse.data.splits import Fold, find_scheme
from drugresponse.data.surveys.survey import survey_of
from drugresponse.data.tables import Responses
from drugresponse.errors import count, show_ids

__all__ = ["audit"]

_COVERED = ("tissue", "ancestry", "sex")
_FEW_MEASUREMENTS = 10
_FEW_GROUPS = 10
_FAR = 8.0
_REPEATS = {
    "continuous": "the mean of its measurements",
    "interval": "the limits that its rows share or span",
    "time-to-event": "one time",
}
"""What the rows of one pair count as, where a pair has no class."""


def audit(
    rows: TrainingRows,
    *,
    genotypes: Genotypes,
    responses: Responses,
    scheme: str,
    together: NDArray | None = None,
    folds: Sequence[Fold] | None = None,
) -> tuple[Finding, ...]:
    """Look through the inputs for what would mislead: leaks first, then warnings, then notes.

    Parameters
    ----------
    rows
        The pairs that are evaluated.
    genotypes, responses
        As read, before they were joined.
    scheme
        That the folds ask: whether a duplicate is a leak depends on it.
    together
        `(n_samples,)` label of the samples that the folds keep together; None is the subject.
    folds
        Those that are used; None where they are yet to be dealt.

    Examples
    --------
    >>> import drugresponse as dr
    >>> from drugresponse.data.joining import join_training_rows
    >>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=4, n_features=40)
    >>> drugs = cohort.drugs.assign(smiles="CCO", inchikey="")
    >>> rows = join_training_rows(cohort.genotypes, cohort.responses, drugs, cohort.samples)
    >>> findings = audit(rows, genotypes=cohort.genotypes, responses=cohort.responses, scheme="random-pairs")
    >>> findings[0].check, findings[0].severity, findings[0].count
    ('structures', 'leak', 1)
    """
    pairs = replace(rows.pairs, genotypes=without_parents(rows.pairs.genotypes))
    rows = replace(rows, pairs=pairs)
    findings: list[Finding | None] = [
        *copies_of_response(rows),
        *find_duplicates(pairs, scheme, together),
        *straddling_lineages(rows, scheme, together, folds),
        *straddling_relatives(pairs, scheme, together),
        *confounding_findings(rows, genotypes),
        *level_findings(rows, responses),
        *response_findings(rows),
        *same_response_findings(rows, responses),
        *scale_findings(rows, responses.measure),
        *sex_findings(rows),
        _repeated_pairs(responses),
        *_held_out_groups(rows, scheme),
        *_unjoined(genotypes, responses),
        *_drugs(pairs, scheme),
        *_features(pairs.genotypes),
        *_covariates(pairs.covariates),
        *outcome_findings(rows),
        None if pairs.outcome.has_classes else _far_responses(rows),
        *(_coverage(pairs.covariates[name]) for name in _COVERED if name in pairs.covariates),
    ]
    kept = [finding for finding in findings if finding]
    return tuple(sorted(kept, key=lambda finding: SEVERITIES.index(finding.severity)))


def _repeated_pairs(responses: Responses) -> Finding | None:
    repeated = responses.replicates
    if repeated.empty:
        return None
    shown = show_ids(repeated["sample_id"] + " x " + repeated["drug_id"])
    one = _REPEATS.get(responses.outcome.kind, "the class of most of its rows")
    message = f"Pairs measured more than once ({shown}): each counts as {one}, on one side of every split."
    return Finding("repeated pairs", "note", message, len(repeated))


def _held_out_groups(rows: TrainingRows, scheme: str) -> Iterable[Finding]:
    """Groups too few to hold out."""
    pairs = rows.pairs
    for grouping in find_scheme(scheme).held_out:
        n = len(np.unique(grouping.of_pair(pairs)))
        if n < _FEW_GROUPS:
            message = f"Only {count(n, grouping.name)} can be held out: intervals over so few are themselves uncertain."
            yield Finding("few groups", "warning", message, n)


def _unjoined(genotypes: Genotypes, responses: Responses) -> Iterable[Finding]:
    measured = pd.Index(responses.table["sample_id"].unique())
    for ids, known, have, lack in (
        (measured, genotypes.sample_ids, "measured samples", "genotype"),
        (genotypes.sample_ids, measured, "genotyped samples", "response"),
    ):
        lost = ids[~ids.isin(known)]
        if len(lost):
            severity = "warning" if len(lost) > len(ids) / 2 else "note"
            message = f"Left out, without {lack}: {len(lost)} of {len(ids)} {have}"
            spelling = f" {suggest_ids(lost, known)}" if spellings_alike(lost, known) else ""
            shown = f"{message} ({show_ids(lost)}).{spelling}"
            yield Finding(f"samples without {lack}", severity, shown, len(lost), f"{message}.")


def _drugs(pairs: Pairs, scheme: str) -> Iterable[Finding]:
    counts = np.bincount(pairs.drug_index, minlength=len(pairs.drugs))
    few = pairs.drugs.index[counts < _FEW_MEASUREMENTS]
    if len(few):
        severity = "warning" if len(few) > len(counts) / 2 else "note"
        message = (
            f"Fewer than {_FEW_MEASUREMENTS} measurements of {len(few)} of {count(len(counts), 'drug')} "
            f"({show_ids(few)}): no verdict on each by itself."
        )
        yield Finding("drugs with few measurements", severity, message, len(few))
    bare = pairs.drugs.index[(pairs.drugs["smiles"] == "").to_numpy()]
    if len(bare):
        matters = not find_scheme(scheme).drug_effect
        message = f"No structure of {len(bare)} of {count(len(counts), 'drug')} ({show_ids(bare)})"
        message += ": as new drugs they get the mean, and go unseen under another id." if matters else "."
        yield Finding("drugs without structure", "warning" if matters else "note", message, len(bare))


def _features(genotypes: Genotypes) -> Iterable[Finding]:
    n, n_features = genotypes.shape
    if not n_features:
        return
    survey = survey_of(genotypes) if genotypes.is_stored else None
    n_missing = genotypes.n_missing() if survey is None else survey.n_missing
    sparsely = genotypes.features.index[n_missing > n / 2]
    if len(sparsely):
        message = (
            f"Missing in more than half of the samples: {len(sparsely)} of {count(n_features, 'feature')} "
            f"({show_ids(sparsely)}); what was looked at may tell where a sample is from."
        )
        yield Finding("features mostly missing", "warning", message, len(sparsely))
    constant = genotypes.features.index[genotypes.constant() if survey is None else survey.constant]
    if len(constant):
        message = f"Equal in every sample, so of no use: {len(constant)} of {count(n_features, 'feature')}"
        message += f" ({show_ids(constant)})."
        yield Finding("constant features", "note", message, len(constant))


def _covariates(covariates: pd.DataFrame) -> Iterable[Finding]:
    if covariates.shape[1] == 0:
        message = (
            "No covariate is used: what tissue, ancestry or site would explain can look like an effect of genotype."
        )
        yield Finding("no covariates", "warning", message, 0)
        return
    lacking = {str(name): _unknown(column) for name, column in covariates.items()}
    counts = {name: int(at.sum()) for name, at in lacking.items() if at.any()}
    if counts:
        n = len(covariates)
        severity = "warning" if max(counts.values()) > n / 2 else "note"
        listed = ", ".join(f"{name} of {number}" for name, number in counts.items())
        any_missing = int(np.logical_or.reduce(list(lacking.values())).sum())
        message = (
            f"Covariates are missing in {any_missing} of {count(n, 'sample')} ({listed}): the training mean stands in."
        )
        yield Finding("missing covariates", severity, message, any_missing)


def _far_responses(rows: TrainingRows) -> Finding | None:
    """Responses far from the others of their drug, on the scale of the central 80 % of these (so up to a tenth)."""
    table = pd.DataFrame({"drug": rows.pairs.drug_index, "y": rows.y})
    of_drug = table.groupby("drug")["y"]
    low, middle, high = (of_drug.transform("quantile", share) for share in (0.1, 0.5, 0.9))
    # 2.563: the central 80 % of a normal distribution in standard deviations
    scale = (high - low) / 2.563
    usable = (of_drug.transform("size") >= _FEW_MEASUREMENTS) & (scale > 0)
    distance = (table["y"] - middle).abs() / scale.where(usable, np.inf)
    far = np.flatnonzero(distance > _FAR)
    if not len(far):
        return None
    drugs = pd.unique(rows.pairs.drug_ids[far])
    message = (
        f"More than {_FAR:g} standard deviations from the middle of their drug: {len(far)} of "
        f"{count(len(rows.y), 'response')} (of {show_ids(drugs)}): rare strong effects, or another unit or scale."
    )
    # a few are the strong responders that every screen has
    return Finding("far responses", "warning" if len(far) > 0.01 * len(rows.y) else "note", message, len(far))


def _coverage(column: pd.Series) -> Finding | None:
    """How evenly the groups of a covariate are covered."""
    if column.dtype != object:
        return None
    counts, unknown = _levels(column), int(_unknown(column).sum())
    if counts.empty:
        return None
    known, largest = int(counts.sum()), str(counts.index[0])
    if len(counts) == 1:
        message = f'{column.name}: all {known} samples of which it is known are "{largest}".'
        return Finding(f"coverage by {column.name}", "note", message, 1)
    groups = f"{column.name}: {len(counts)} groups; most samples: {_counted(counts.head(3))}"
    if len(counts) > 3:
        groups += f"; fewest: {_counted(counts.tail(3).iloc[::-1])}"
    groups += f"; unknown: {unknown}." if unknown else "."
    if counts.iloc[0] > 0.8 * known:
        message = f'{groups} Most are "{largest}": what holds for them may not hold for the others.'
        return Finding(f"coverage by {column.name}", "warning", message, len(counts))
    return Finding(f"coverage by {column.name}", "note", groups, len(counts))


def _levels(column: pd.Series) -> pd.Series:
    """Samples of each level, most first; unknown is no level."""
    known = column[~_unknown(column)].astype(str)
    counts = known.value_counts()
    return counts.iloc[np.lexsort((counts.index.to_numpy(dtype=str), -counts.to_numpy()))]


def _unknown(column: pd.Series) -> NDArray[np.bool_]:
    return np.asarray((column == "") if column.dtype == object else column.isna(), dtype=bool)


def _counted(counts: pd.Series) -> str:
    return ", ".join(f'"{name}" {number}' for name, number in counts.items())

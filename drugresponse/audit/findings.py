"""What an audit of the inputs noticed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = [
    "CHANCE",
    "LINEAGES",
    "RELATIVES",
    "SEVERITIES",
    "TWINS",
    "Finding",
    "caution",
    "caution_messages",
    "findings_of",
    "leak_messages",
]

SEVERITIES = ("leak", "warning", "note")
TWINS = "identical genotypes"
"""Name of the check that finds samples that may be one person."""
LINEAGES = "lineages"
"""Name of the check that finds lineages of which folds part the samples."""
RELATIVES = "relatives"
"""Name of the check that finds close relatives whom folds part."""
CHANCE = 1e-3
"""Expected false findings of one check in a clean cohort, over all that it compares there: with some twenty checks, one
of 50 clean cohorts may be warned of."""
_LONGEST = 1000
_QUIET = 0.05
"""Share of the cases (drugs, samples) up to which a caution is a note: no score moves that matters."""
_CAUTIONS = frozenset(
    (
        *(
            TWINS,
            LINEAGES,
            RELATIVES,
            "near copies of the response",
            "confounded covariates",
            "batches that tell the response",
        ),
        *("studies that tell the response", "missing calls that tell the response", "single-sample tissues"),
        *("groups without response", "drugs in one tissue", "constant responses", "responses that follow the tissue"),
        *("responses that outweigh all", "responses at a limit", "rows that outweigh all", "same responses"),
        *("repeats that disagree", "scale of the responses", "too few samples for the features", "sexes that differ"),
        "times of one subject",
    )
)
"""Checks whose warnings are lines of `train` and `evaluate` and words of the verdict: they change what a score is
worth."""


@dataclass(frozen=True)
class Finding:
    """One thing that the audit of the inputs noticed.

    Attributes
    ----------
    check
        Short name, such as `structures` or `identical genotypes`.
    severity
        `leak` (would make scores too good in this scheme), `warning`, or `note`.
    message
        One sentence: what was found, with up to three ids, and what it means.
    count
        How many cases.
    without_samples
        The message without the ids of samples, where it names any: a model file names no sample.

    Examples
    --------
    >>> finding = Finding("identical genotypes", "note", "2 samples have the same genotypes: a, b.", 2, "2 samples.")
    >>> finding.to_dict()["message"]  # what a manifest says of it
    '2 samples.'
    """

    check: str
    severity: str
    message: str
    count: int
    without_samples: str = ""

    def to_dict(self) -> dict[str, str | int]:
        """Plain values for a manifest, which names no sample.

        Examples
        --------
        >>> Finding("subjects", "note", 'Twice: "a" = "b".', 1, "Twice.").to_dict()["message"]
        'Twice.'
        """
        message = self.without_samples or self.message
        return {"check": self.check, "severity": self.severity, "message": message[:_LONGEST], "count": self.count}


def findings_of(manifest: Mapping[str, Any]) -> list[Finding]:
    """The findings that a manifest holds; none of a file that is older than they are."""
    return [Finding(**finding) for finding in manifest.get("findings") or []]


def leak_messages(findings: Iterable[Finding]) -> list[str]:
    """What makes the scores too good.

    Examples
    --------
    >>> leak_messages([Finding("structures", "leak", "Twice.", 1), Finding("subjects", "note", "Once.", 1)])
    ['Twice.']
    """
    return [finding.message for finding in findings if finding.severity == "leak"]


def caution(check: str, message: str, n: int, of: int | None = None, without_samples: str = "") -> Finding:
    """A finding of a check whose warnings are told with the verdict; a note where it is about few of many cases.

    Examples
    --------
    >>> [caution("drugs in one tissue", "Said.", 1, of).severity for of in (8, 265)]
    ['warning', 'note']
    """
    few = of is not None and n <= _QUIET * of
    return Finding(check, "note" if few else "warning", message, n, without_samples)


def caution_messages(findings: Iterable[Finding]) -> list[str]:
    """Warnings that change what a score is worth, though they are no leak: confounded columns, kin, odd responses."""
    return [finding.message for finding in findings if finding.check in _CAUTIONS and finding.severity == "warning"]

"""What an audit of the inputs noticed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["LINEAGES", "SEVERITIES", "TWINS", "Finding", "findings_of", "kin_messages", "leak_messages"]

SEVERITIES = ("leak", "warning", "note")
TWINS = "identical genotypes"
"""Name of the check that finds samples that may be one person."""
LINEAGES = "lineages"
"""Name of the check that finds lineages of which folds part the samples."""
_LONGEST = 1000


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


def kin_messages(findings: Iterable[Finding]) -> list[str]:
    """What is said of samples that may be one person, and that no split parted, and of lineages that splits part."""
    checks = (TWINS, LINEAGES)
    return [finding.message for finding in findings if finding.check in checks and finding.severity == "warning"]

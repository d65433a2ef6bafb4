"""What an audit of the inputs noticed."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SEVERITIES", "Finding"]

SEVERITIES = ("leak", "warning", "note")
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

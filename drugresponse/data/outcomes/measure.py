"""What the numbers of responses measure, in which unit, and which direction is up."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

__all__ = ["Measure"]


@dataclass(frozen=True)
class Measure:
    """What a response number means.

    Attributes
    ----------
    name
        Such as `ln_ic50` or `auc`; empty when not told.
    unit
        Free text such as `uM`; empty when not told.
    higher_means
        `sensitive`, `resistant` or `dose`; None when not told: then nothing is said about sensitivity.

    Examples
    --------
    >>> Measure("ln_ic50", "uM", "resistant").higher_words()
    'higher response (more resistant)'
    >>> Measure().higher_words()
    'higher response'
    """

    name: str = ""
    unit: str = ""
    higher_means: Literal["sensitive", "resistant", "dose"] | None = None

    def higher_words(self) -> str:
        """What a higher number means, in words that claim no more than the user told."""
        words = {"sensitive": " (more sensitive)", "resistant": " (more resistant)", "dose": " (higher dose)"}
        return "higher response" + words.get(self.higher_means or "", "")

    def to_dict(self) -> dict[str, str | None]:
        """Plain values for a manifest."""
        return asdict(self)

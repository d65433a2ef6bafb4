"""Classes of the effect of a variant on its gene."""

from __future__ import annotations

__all__ = ["ALTERING_EFFECTS"]

ALTERING_EFFECTS = ("lof", "splice", "inframe", "missense", "mutation")
"""Classes of effect that change a protein; `mutation` is one that is not told, and the sum of all."""

"""What drugs are called on the page of an explanation, and how sure a number may be told."""

from __future__ import annotations

from collections.abc import Mapping

from drugresponse.explanation.explain import Explanation
from drugresponse.report.blocks import Cell
from drugresponse.report.page import number

__all__ = ["drug_cell", "drug_names", "drug_words", "p_words"]

_LEAST = 1e-16
"""Smaller p and q are told as below this: no test is that sure of its assumptions."""


def drug_names(results: Explanation) -> dict[str, str]:
    """Names of the drugs by id, where the table of drugs has other names than ids."""
    drugs = results.rows.pairs.drugs
    if "name" not in drugs.columns:
        return {}
    names = {str(drug): str(name).strip() for drug, name in drugs["name"].dropna().items()}
    return {drug: name for drug, name in names.items() if name and name != drug}


def drug_cell(drug: object, names: Mapping[str, str]) -> Cell:
    """The id, and the name under it."""
    return Cell(str(drug), names.get(str(drug), ""), "id")


def drug_words(drug: object, names: Mapping[str, str]) -> str:
    """The id, with the name in brackets.

    Examples
    --------
    >>> drug_words("D1", {"D1": "gefitinib"}), drug_words("D2", {})
    ('D1 (gefitinib)', 'D2')
    """
    return f"{drug} ({names[str(drug)]})" if str(drug) in names else str(drug)


def p_words(value: float) -> str:
    """A p or q value; the smallest as a limit.

    Examples
    --------
    >>> p_words(0.01), p_words(1e-300)
    ('0.0100', 'below 1e−16')
    """
    return "below 1e\N{MINUS SIGN}16" if value < _LEAST else number(value)

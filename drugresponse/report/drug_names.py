"""What drugs are called on pages: ids, with names beside them where a table of drugs has any."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from drugresponse.plots.names import names_of
from drugresponse.report.blocks import Cell
from drugresponse.report.page import shortened

__all__ = ["drug_cell", "drug_names", "drug_words"]


def drug_names(*tables: pd.DataFrame | None) -> dict[str, str]:
    """Names by id, where tables of drugs have other names than ids; those of the last one hold.

    Parameters
    ----------
    tables
        Index `drug_id`; a column `name` where names are known.

    Examples
    --------
    >>> drug_names(pd.DataFrame({"name": ["gefitinib", "D2", None]}, index=["D1", "D2", "D3"]))
    {'D1': 'gefitinib'}
    """
    return {drug: name.strip() for table in tables for drug, name in names_of(table).items()}


def drug_cell(drug: object, names: Mapping[str, str]) -> Cell:
    """The id, and the name under it."""
    return Cell(str(drug), shortened(names.get(str(drug), "")), "id")


def drug_words(drug: object, names: Mapping[str, str]) -> str:
    """The id, with the name in brackets.

    Examples
    --------
    >>> drug_words("D1", {"D1": "gefitinib"}), drug_words("D2", {})
    ('D1 (gefitinib)', 'D2')
    """
    return f"{drug} ({names[str(drug)]})" if str(drug) in names else str(drug)

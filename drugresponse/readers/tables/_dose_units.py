"""The unit of the doses in a file: from the name of their column, from a column of units, or from an option."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.column_names import name_words
from drugresponse.errors import InputError, nearest
from drugresponse.readers.tables.text_tables import line_of

__all__ = ["DOSE_UNITS", "logarithm_in_name", "micromolar_units"]

DOSE_UNITS = {"pM": 1e-6, "nM": 1e-3, "uM": 1.0, "mM": 1e3, "M": 1e6}
"""uM in each unit."""
_MICRO = str.maketrans("\N{MICRO SIGN}\N{GREEK SMALL LETTER MU}", "uu")
_PREFIX = r"(pico|nano|micro|milli|[pnum])?"
_MOLAR = rf"{_PREFIX}[ -]?(M|molar|mol(?:es?)?(?: ?/ ?| per |_per_|_)l(?:it(?:er|re))?)"
_UNIT = re.compile(_MOLAR, re.IGNORECASE)
_NAMED = re.compile(rf"(?:.*[^a-z]|.*dose|.*conc(?:entration)?|.*log(?:10)?|){_MOLAR}[)\]\s]*", re.IGNORECASE)
_MASS = re.compile(
    r".*(?:^|[^a-z])(?:[numk]?(?:g|iu) ?(?:/|_per_| per |_)? ?(?:[num]?l|kg)|[npum]?mols?)[)\]\s]*", re.IGNORECASE
)
_OF_RESPONSES = frozenset({"response", "readout", "signal", "viability", "ic50", "ec50", "auc", "time", "age", "cell"})
_OF_DOSES = frozenset({"dose", "doses", "drug", "conc", "concentration", "concentrations", "of", "unit", "units"})


def micromolar_units(
    table: pd.DataFrame, dose_column: str, option: str | None, where: str
) -> tuple[NDArray[np.float64], str]:
    """`(n_rows,)` uM in the unit of each row, and what says so; uM and nothing where nobody does.

    Parameters
    ----------
    table
        The file as text.
    dose_column
        Whose name may end with a unit, as in `conc_nM`.
    option
        `--dose-unit`, None when not given. Where a column gives some rows a unit of their own, it is that of the rest.
    where
        Names the file in errors.

    Raises
    ------
    InputError
        Two of the three disagree, or one of them is no unit of amount per volume.

    Examples
    --------
    >>> table = pd.DataFrame({"conc_nM": ["1"], "unit": ["nM"]})
    >>> micromolar_units(table, "conc_nM", None, "doses.tsv")
    (array([0.001]), 'nM, from the column "unit"')
    """
    named = _unit_of_name(dose_column, where)
    chosen = None if option is None else _known_unit(option, "`dose_unit`")
    in_name = f'the column "{dose_column}"'
    _refuse_two(named, chosen, f"{where}: {in_name}", "`dose_unit`")
    column = _unit_column(table)
    if column is None:
        source = f"{named}, from {in_name}" if named else chosen or ""
        return np.full(len(table), DOSE_UNITS[named or chosen or "uM"]), source
    written = table[column].str.strip()
    units = {"": named or chosen or "uM"}
    for text in written[written != ""].unique():
        place = f'{where}, line {line_of(written == text)}, column "{column}"'
        units[text] = _known_unit(text, place)
        _refuse_two(units[text], named, place, in_name)
        if (written != "").all():
            _refuse_two(units[text], chosen, place, "`dose_unit`")
    in_use = [units[text] for text in written]
    source = f'{", ".join(sorted(set(in_use)))}, from the column "{column}"'
    return np.array([DOSE_UNITS[unit] for unit in in_use]), source


def logarithm_in_name(dose_column: str) -> str:
    """Which logarithm the name of a column says: `log10`, another or unknown one as it is written, or nothing.

    Examples
    --------
    >>> logarithm_in_name("log10_dose"), logarithm_in_name("logM"), logarithm_in_name("dose_uM")
    ('log10', 'log', '')
    """
    logarithm = re.match(r"(?:.*[^a-z])?(log10|log2|log|ln|lg)", dose_column.lower())
    return logarithm[1] if logarithm else ""


def _unit_column(table: pd.DataFrame) -> str | None:
    """A column of units of the doses; one called unit only counts where it holds such."""
    for name in table.columns:
        words = name_words(name)
        if not {"unit", "units"} & {word.rstrip("s") + "s" for word in words} or _OF_RESPONSES & set(words):
            continue
        cells = set(table[name].str.strip()) - {""}
        of_doses = len(words) > 1 and _OF_DOSES.issuperset(words)
        if of_doses or any(_UNIT.fullmatch(cell.translate(_MICRO)) or _MASS.fullmatch(cell) for cell in cells):
            return str(name)
    return None


def _unit_of_name(dose_column: str, where: str) -> str | None:
    plain = dose_column.translate(_MICRO)
    if _MASS.fullmatch(plain):
        raise InputError(
            f'{where}: the column "{dose_column}" holds mass or units per volume or a bare amount (expected an '
            'amount per volume, such as uM). Convert the doses by the molar mass, or rename the column to "dose" if '
            "only the AUC matters."
        )
    unit = _NAMED.fullmatch(plain)
    # a lone m at the end of a name stands for nothing that is certain
    return None if unit is None or (unit[1] is None and unit[2] == "m") else _spelled(unit)


def _spelled(unit: re.Match[str]) -> str:
    return (unit[1] or "").lower().replace("micro", "u")[:1] + "M"


def _known_unit(text: str, where: str) -> str:
    unit = _UNIT.fullmatch(text.strip().translate(_MICRO))
    if unit is None:
        raise InputError(f'{where}: "{text}" is no unit of dose. {nearest(text.strip(), DOSE_UNITS)}')
    return _spelled(unit)


def _refuse_two(unit: str | None, other: str | None, where: str, other_where: str) -> None:
    if unit and other and unit != other:
        raise InputError(
            f"{where} is in {unit}, and {other_where} in {other} (expected one unit of the doses). Correct one of them."
        )

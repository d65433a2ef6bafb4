"""Files of responses at several doses, one row a measurement -> Doses."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd

from drugresponse.data.doses import Doses
from drugresponse.errors import InputError, nearest
from drugresponse.readers.column_numbers import column_named
from drugresponse.readers.foreign_formats import refuse_own_table
from drugresponse.readers.numbers import to_numbers
from drugresponse.readers.tables import read_table, require_column

__all__ = ["DOSE_UNITS", "read_doses"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

DOSE_UNITS = {"pM": 1e-6, "nM": 1e-3, "uM": 1.0, "mM": 1e3, "M": 1e6}
"""uM in each unit."""
_UNIT_COLUMN = "dose_unit"
_HIGHEST_USUAL = 1e4
"""A dose in uM beyond which its unit is more likely wrong."""


def read_doses(
    path: str | Path,
    *,
    sample_column: str = "sample_id",
    drug_column: str = "drug_id",
    dose_column: str = "dose",
    response_column: str = "response",
    plate_column: str | None = None,
    dose_unit: str = "uM",
    response_scale: str = "auto",
) -> Doses:
    r"""Read responses at several doses; rows of dose 0 are controls, replicates of a dose are averaged.

    Parameters
    ----------
    path
        A long table, one row a measurement. A column `dose_unit` gives each row's own unit.
    sample_column, drug_column, dose_column, response_column
        Names of these columns in the file, or their numbers, such as `"#3"`.
    plate_column
        Column that says on which plate a row was measured; used to find the controls of a signal.
    dose_unit
        One of `DOSE_UNITS`, for a file without the column `dose_unit`.
    response_scale
        As `Doses.build` takes it.

    Raises
    ------
    InputError
        A column is absent, a cell is not a number, a unit is unknown, or as `Doses.build`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "doses.dat")
    ...     _ = file.write_text("sample_id\tdrug_id\tdose\tresponse\ns1\td1\t10\t99\ns1\td1\t1000\t20\n")
    ...     read_doses(file, dose_unit="nM").table["dose"].tolist()
    [0.01, 1.0]
    """
    where = Path(path).name
    table = read_table(path)
    given = {"sample": sample_column, "drug": drug_column, "dose": dose_column, "response": response_column}
    options = {what: column_named(table.columns, column, where) for what, column in given.items()}
    if options["dose"] not in table.columns:
        refuse_own_table(table.columns, where, "doses")
    for what, name in options.items():
        require_column(table, name, f"--{what}-column", where)
    commas = table.attrs.get("separator") != ","
    numbers = {
        what: to_numbers(table[options[what]], where=where, decimal_commas=commas) for what in ("dose", "response")
    }
    rows = pd.DataFrame({"sample_id": table[options["sample"]], "drug_id": table[options["drug"]], **numbers})
    if plate_column is not None:
        plate_column = column_named(table.columns, plate_column, where)
        require_column(table, plate_column, "--plate-column", where)
        rows["plate"] = table[plate_column]
    rows["dose"] *= _units(table, dose_unit, where)
    doses = Doses.build(rows, scale=response_scale, where=where)
    _tell(doses, dose_unit, where)
    return doses


def _units(table: pd.DataFrame, dose_unit: str, where: str) -> np.ndarray:
    """`(n_rows,)` uM in the unit of each row."""
    if _UNIT_COLUMN not in table.columns:
        return np.full(len(table), DOSE_UNITS[_known_unit(dose_unit, "--dose-unit")])
    written = table[_UNIT_COLUMN].where(table[_UNIT_COLUMN].str.strip() != "", dose_unit)
    sizes = {}
    for text in written.unique():
        line = int(written.index[int(np.argmax((written == text).to_numpy()))]) + 2
        sizes[text] = DOSE_UNITS[_known_unit(text, f'{where}, line {line}, column "{_UNIT_COLUMN}"')]
    return written.map(sizes).to_numpy(dtype=np.float64)


def _known_unit(text: str, where: str) -> str:
    plain = text.strip().replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    found = {each.lower(): each for each in DOSE_UNITS}.get(plain.lower())
    if found is None:
        raise InputError(f'{where}: "{text}" is no unit of dose. {nearest(plain, DOSE_UNITS)}')
    return found


def _tell(doses: Doses, dose_unit: str, where: str) -> None:
    progress.info(
        "%s: read %d measurements of %d samples and %d drugs; responses are taken as %s%s.",
        where,
        doses.n_points,
        doses.table["sample_id"].nunique(),
        doses.table["drug_id"].nunique(),
        doses.scale,
        " (guessed)" if doses.guessed else "",
    )
    if doses.n_missing:
        logger.info("%s: %d rows have no response and are left out.", where, doses.n_missing)
    highest = float(doses.table["dose"].max())
    if highest > _HIGHEST_USUAL:
        logger.warning("%s: the highest dose is %.3g uM; check the unit of the doses (%s).", where, highest, dose_unit)

"""Files of responses at several doses, one row a measurement -> Doses."""

from __future__ import annotations

import logging

import pandas as pd

from drugresponse.data.column_names import name_words
from drugresponse.data.conversion.numbers import decimal_signs, to_numbers
from drugresponse.data.responses.doses import Doses
from drugresponse.errors import InputError
from drugresponse.readers.source.foreign_formats import refuse_own_table
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.tables._dose_units import logarithm_in_name, micromolar_units
from drugresponse.readers.tables.text_tables import read_table, required_column
from drugresponse.readers.text.column_numbers import column_named

__all__ = ["read_doses"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_PLATES = ("plate", "barcode", "batch", "experiment", "run", "date")
"""How the names of columns begin that say on which plate, or when, a row was measured; the surest first."""
_HIGHEST_USUAL = 1e4
"""A dose in uM beyond which its unit is more likely wrong."""
_HIGHEST_POSSIBLE = 1e-3, 1e5
"""uM within which the highest dose of a file lies whose unit nobody said."""


def read_doses(
    path: AnySource,
    *,
    sample_column: str = "sample_id",
    drug_column: str = "drug_id",
    dose_column: str = "dose",
    response_column: str = "response",
    plate_column: str | None = None,
    dose_unit: str | None = None,
    dose_scale: str = "auto",
    response_scale: str = "auto",
) -> Doses:
    r"""Read responses at several doses; rows of dose 0 are controls, replicates of a dose are averaged.

    Parameters
    ----------
    path
        A long table, one row a measurement. A column `dose_unit` or `unit` gives each row's own unit.
    sample_column, drug_column, dose_column, response_column
        Names of these columns in the file, or their numbers, such as `"#3"`.
    plate_column
        Column that says on which plate a row was measured; used to find the controls of a signal. None takes a column
        with plate, barcode, batch or the like in its name, where each plate of each sample has controls.
    dose_unit
        One of `DOSE_UNITS`; None takes what the file says in a column of units or in the name of the dose column, else
        uM.
    dose_scale, response_scale
        As `Doses.build` takes them; a column named after decadic logarithms is read as such.

    Raises
    ------
    InputError
        A column is absent, a cell is not a number, a unit is unknown, two sources of it disagree, or as `Doses.build`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "doses.dat")
    ...     _ = file.write_text("sample_id\tdrug_id\tdose\tresponse\ns1\td1\t10\t99\ns1\td1\t1000\t20\n")
    ...     read_doses(file, dose_unit="nM").table["dose"].tolist()
    [0.01, 1.0]
    """
    file = Source.of(path)
    where, table = file.name, read_table(file)
    if column_named(table.columns, dose_column, where) not in table.columns:
        refuse_own_table(table.columns, where, "doses")
    columns = {"sample": sample_column, "drug": drug_column, "dose": dose_column, "response": response_column}
    with file.naming_sheets():
        named = {what: required_column(table, name, f"`{what}_column`", where) for what, name in columns.items()}
    signs = decimal_signs(table[named[what]] for what in ("dose", "response"))
    numbers = {what: to_numbers(table[named[what]], where=where, signs=signs) for what in ("dose", "response")}
    rows = pd.DataFrame({"sample_id": table[named["sample"]], "drug_id": table[named["drug"]], **numbers})
    if plate_column is not None:
        rows["plate"] = table[required_column(table, plate_column, "`plate_column`", where)]
    elif response_scale == "signal":
        rows = _on_plates(rows, table, where)
    factors, source = micromolar_units(table, named["dose"], dose_unit, where)
    scale = _scale_of_doses(named["dose"], dose_scale, where)
    doses = Doses.build(rows, scale=response_scale, dose_scale=scale, unit=factors, where=where)
    _report(doses, where, source)
    _refuse_impossible(doses, where, source)
    return doses


def _scale_of_doses(dose_column: str, dose_scale: str, where: str) -> str:
    """What the option says, else the name of the column as far as it is certain."""
    logarithm = logarithm_in_name(dose_column)
    if dose_scale != "auto" or not logarithm:
        return dose_scale
    if logarithm != "log10":
        raise InputError(
            f'{where}: the column "{dose_column}" seems to hold logarithms (expected doses on a linear scale). Say '
            "`dose_scale` log10 if they are decadic, `dose_scale` linear if they are none; else give the doses."
        )
    progress.info('%s: the doses in "%s" are read as decadic logarithms.', where, dose_column)
    return "log10"


def _on_plates(rows: pd.DataFrame, table: pd.DataFrame, where: str) -> pd.DataFrame:
    """The plate of each row, where a column says it and every plate of a sample has controls."""
    words = {name: name_words(name) for name in table.columns if table[name].nunique() > 1}
    plates = [name for start in _PLATES for name in words if any(word.startswith(start) for word in words[name])]
    if not plates:
        return rows
    on = rows.assign(plate=table[plates[0]])
    keys = ["sample_id", "plate"]
    measured = on[on["response"].notna()]
    with_controls = measured.loc[measured["dose"] == 0, keys].drop_duplicates()
    lacking = len(measured[keys].drop_duplicates()) - len(with_controls)
    if lacking:
        logger.warning(
            f'{where}: the column "{plates[0]}" is not used, since {lacking} of the samples\' plates have no control; '
            "each row is divided by all controls of its sample. Give `plate_column` to insist."
        )
        return rows
    progress.info('%s: each row is divided by the controls of its sample on its plate (column "%s").', where, plates[0])
    return on


def _report(doses: Doses, where: str, source: str) -> None:
    progress.info(
        f"{where}: read {doses.n_points} measurements of {doses.table['sample_id'].nunique()} samples and "
        f"{doses.table['drug_id'].nunique()} drugs; responses are taken as "
        f"{doses.scale}{' (guessed)' if doses.guessed else ''}, doses as {source or 'uM (nobody said so)'}."
    )
    if doses.n_missing:
        logger.info("%s: %d rows have no response and are left out.", where, doses.n_missing)


def _refuse_impossible(doses: Doses, where: str, source: str) -> None:
    """Refuse doses whose unit nobody said and that cannot be uM; of others too high to be likely, warn."""
    highest = float(doses.table["dose"].max())
    low, high = _HIGHEST_POSSIBLE
    if not source and not low <= highest <= high:
        raise InputError(
            f"{where}: the highest dose would be {highest:.3g} uM (expected {low:g} to {high:g}, where the file does "
            "not say the unit). Give the unit of the doses with `dose_unit`."
        )
    if highest > _HIGHEST_USUAL:
        logger.warning(
            "%s: the highest dose is %.3g uM; check the unit of the doses (%s).", where, highest, source or "uM"
        )

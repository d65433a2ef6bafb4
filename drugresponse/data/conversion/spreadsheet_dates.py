"""Names of genes that a spreadsheet has turned into dates or numbers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

__all__ = ["dates_among", "shown_dates", "warn_of_dates"]

logger = logging.getLogger(__name__)

_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "mrz": 3, "mär": 3, "apr": 4, "may": 5, "mai": 5, "jun": 6, "jul": 7, "aug": 8,
    "sep": 9, "sept": 9, "oct": 10, "okt": 10, "nov": 11, "dec": 12, "dez": 12, "dic": 12,
}  # fmt: skip
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?:[-. /](?:\d{2}|\d{4}))?"
# R writes X before a column name that begins with a digit, and a point for the hyphen
_DAY_MONTH = re.compile(rf"X?(\d{{1,2}})(?:-|/|\. ?| )({_MONTH})\.?{_YEAR}", re.IGNORECASE)
# in capitals these are aliases of genes (OCT-4, SEP-15), and so is Oct-4, as a spreadsheet writes two digits
_MONTH_DAY = re.compile(r"([A-Z]?[a-zä]{2,3})[-. ](\d{2})|(Mar|Sep|Sept|Dec)-(\d)")
_ISO = re.compile(r"X?(?:19|20)\d\d([-./])(\d{1,2})\1(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_OTHER = re.compile(r"X?\d{1,2}/\d{1,2}/(?:\d{4}|\d{2})|X?\d{1,2}\.\d{1,2}\.(?:19|20)\d\d|X?\d\.\d+E\+\d\d")
_DAYS_OF_A_SPREADSHEET = range(36526, 51136)  # 2000 to 2039
_FAMILIES = {3: "MARCHF{}", 9: "SEPTIN{}", 12: "DELEC{}", 10: "OCT{}"}
_TWICE = {"MARCHF1": "MARCHF1 or MTARC1", "MARCHF2": "MARCHF2 or MTARC2", "SEPTIN15": "SELENOF"}
_SHOWN = 3


def dates_among(genes: Iterable[str]) -> list[str]:
    """Gene names that a spreadsheet has turned into dates (`1-Mar` for MARCHF1) or numbers.

    Numbers of days (`44256`) count only where most of the names are no numbers, since genes have numbers too.

    Examples
    --------
    >>> dates_among(["TP53", "1-Mar", "SEPTIN2", "2021-09-02", "NKX2-1", "OCT-4", "44256"])
    ['1-Mar', '2021-09-02', '44256']
    """
    names = set(genes)
    dates = {name for name in names if _month_and_day(name) is not None or _OTHER.fullmatch(name)}
    numbers = {name for name in names if re.fullmatch(r"X?\d+", name)}
    if 2 * len(numbers) < len(names):
        dates |= {name for name in numbers if int(name.removeprefix("X")) in _DAYS_OF_A_SPREADSHEET}
    return sorted(dates)


def shown_dates(dates: Iterable[str]) -> str:
    """The first few, and the gene that each may have been.

    Examples
    --------
    >>> shown_dates(["1-Mar", "Sep-02", "44256"])
    '"1-Mar" (MARCHF1 or MTARC1), "Sep-02" (SEPTIN2), "44256"'
    """
    listed = list(dates)
    shown = []
    for date in listed[:_SHOWN]:
        month, day = _month_and_day(date) or (0, 0)
        gene = _FAMILIES.get(month, "").format(day)
        shown.append(f'"{date}"' + (f" ({_TWICE.get(gene, gene)})" if gene else ""))
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(shown) + more


def warn_of_dates(genes: Iterable[str], where: str) -> None:
    """Warn of names that a spreadsheet has spoilt; `where` is what to call the table."""
    dates = dates_among(genes)
    if dates:
        logger.warning(
            f"{where}: a spreadsheet seems to have turned names of genes into dates: {shown_dates(dates)}. They are "
            "kept, unless a table of aliases names them; write the symbols again."
        )


def _month_and_day(name: str) -> tuple[int, int] | None:
    if date := _DAY_MONTH.fullmatch(name):
        return _MONTHS[date[2].lower()], int(date[1])
    if date := _ISO.fullmatch(name):
        return int(date[2]), int(date[3])
    if (date := _MONTH_DAY.fullmatch(name)) and (month := (date[1] or date[3]).lower()) in _MONTHS:
        return _MONTHS[month], int(date[2] or date[4])
    return None

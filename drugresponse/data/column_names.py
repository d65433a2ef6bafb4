"""Names of columns, for comparing: without marks, or cut into words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["find_column", "name_words", "plain_name"]


def plain_name(name: object) -> str:
    """A column's name without regard to case, blanks and marks between words.

    Examples
    --------
    >>> plain_name("Age (years)"), plain_name("Tumor_Sample_Barcode")
    ('ageyears', 'tumorsamplebarcode')
    """
    return re.sub(r"[\W_]+", "", str(name)).casefold()


def name_words(name: object) -> list[str]:
    """The words of a column's name, in lower case; a hyphen parts none, as in names of drugs.

    Examples
    --------
    >>> name_words("COSMIC_ID"), name_words("ageAtDiagnosis"), name_words("AGE-1234")
    (['cosmic', 'id'], ['age', 'at', 'diagnosis'], ['age-1234'])
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", str(name))
    return [word for word in re.split(r"[^a-z0-9-]+", parted.lower()) if word]


def find_column(header: Sequence[str], names: Iterable[str]) -> int | None:
    """Where the first of these plain names stands in a header; None where it has none of them.

    Examples
    --------
    >>> find_column(["Hugo_Symbol", "Sample ID"], ("sample", "sampleid"))
    1
    """
    plain = [plain_name(name) for name in header]
    return next((plain.index(name) for name in names if name in plain), None)

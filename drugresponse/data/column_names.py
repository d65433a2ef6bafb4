"""Names of columns, for comparing: without marks, or cut into words."""

from __future__ import annotations

import re

__all__ = ["name_words", "plain_name"]


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

"""What published files become: responses, samples, drugs and genotypes, and what was taken from where."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pandas as pd

from drugresponse.data.tables import Measure
from drugresponse.shown import Shown

__all__ = ["PublishedFile", "PublishedTables"]


@dataclass(eq=False, repr=False)
class PublishedTables(Shown):
    """The tables of a study, as far as its files were given.

    Attributes
    ----------
    responses
        Columns `sample_id, drug_id, response` and perhaps `study`; None where no file has them.
    samples, drugs, features
        Index `sample_id`, `drug_id` and `feature_id`; None where no file tells of them.
    genotypes
        Index `sample_id`, a column a feature, missing where it was not looked at; None where no file has them.
    measure
        What a response means.
    notes
        A line for each file: what was taken of it, and what was left out.
    """

    responses: pd.DataFrame | None = None
    samples: pd.DataFrame | None = None
    drugs: pd.DataFrame | None = None
    genotypes: pd.DataFrame | None = None
    features: pd.DataFrame | None = None
    measure: Measure = field(default_factory=Measure)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class PublishedFile:
    """A file that a publisher gives out.

    Attributes
    ----------
    name
        What its publisher calls it.
    columns
        By which it is known, without regard to case, blanks and marks.
    take
        Adds what a table of text holds to the tables of the study; the text after it names the file.
    """

    name: str
    columns: tuple[str, ...]
    take: Callable[[PublishedTables, pd.DataFrame, str], None]

    def is_it(self, plain_names: Sequence[str]) -> bool:
        """Whether these column names, in small letters without marks, are its own."""
        return set(self.columns) <= set(plain_names)

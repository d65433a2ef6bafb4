"""What published files become: responses, samples, drugs and genotypes, and what was taken from where."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

import pandas as pd

from drugresponse.data.column_names import plain_name
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.tables import Measure
from drugresponse.readers.source.source import Source
from drugresponse.shown import Shown

__all__ = ["PublishedFile", "PublishedTables", "Publisher", "as_frame"]

_FOOTNOTE = re.compile(r" [a-z]$")


@dataclass(eq=False, repr=False)
class PublishedTables(Shown):
    """The tables of a study, as far as its files were given.

    Attributes
    ----------
    responses
        Columns `sample_id, drug_id, response` and perhaps `study`, or `time, event` in place of the response; None
        where no file has them.
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

    def add_responses(self, rows: pd.DataFrame, measure: Measure) -> None:
        """Put rows below those of the files before, which have the same measure."""
        self.responses = rows if self.responses is None else pd.concat([self.responses, rows], ignore_index=True)
        self.measure = measure

    def add_samples(self, samples: pd.DataFrame) -> None:
        """Add rows and columns by id; what a file before says of a cell stays."""
        self.samples = _filled(self.samples, _first_of_each(samples, "sample_id"))

    def add_drugs(self, drugs: pd.DataFrame) -> None:
        """Add rows and columns by id; what a file before says of a cell stays."""
        self.drugs = _filled(self.drugs, _first_of_each(drugs, "drug_id"))

    def add_genotypes(self, values: pd.DataFrame, features: pd.DataFrame) -> None:
        """Put a matrix beside those of the files before; in a sample that one lacks its features are missing.

        Parameters
        ----------
        values
            Index `sample_id`, a column a feature, NaN where missing.
        features
            Index `feature_id`, of the columns.
        """
        if self.genotypes is None or self.features is None:
            self.genotypes, self.features = values, features
            return
        both = values.columns.intersection(self.genotypes.columns)
        merged = self.genotypes.reindex(self.genotypes.index.union(values.index, sort=False))
        merged[both] = merged[both].fillna(values[both])
        self.genotypes = merged.join(values.drop(columns=both))
        self.features = pd.concat([self.features, features.drop(index=both)])


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
        Adds what a table of text holds to the tables of the study; the text after it names the file. The table has
        these columns as they are written here.
    footnotes
        Whether names of columns end with the letters of footnotes, which are taken off.
    """

    name: str
    columns: tuple[str, ...]
    take: Callable[[PublishedTables, pd.DataFrame, str], None]
    footnotes: bool = False

    def named(self, table: pd.DataFrame) -> pd.DataFrame | None:
        """The table with the columns named as its own; None where it lacks one."""
        if self.footnotes:
            table = table.rename(columns=lambda name: _FOOTNOTE.sub("", name))
        places = {plain_name(name): name for name in table.columns}
        own = {plain_name(name): name for name in self.columns}
        if not own.keys() <= places.keys():
            return None
        return table.rename(columns={places[plain]: name for plain, name in own.items()})


@dataclass(frozen=True)
class Publisher:
    """Whose files are known.

    Attributes
    ----------
    files
        In the order in which they are tried, and taken.
    take_whole
        Takes a file of many numbers, which is not read as a table of text, and says whether it was one.
    whole
        What such files are called.
    """

    files: tuple[PublishedFile, ...]
    take_whole: Callable[[PublishedTables, Source], bool] | None = None
    whole: tuple[str, ...] = ()


def as_frame(genotypes: Genotypes) -> pd.DataFrame:
    """The values as `PublishedTables` holds them: `(n_samples, n_features)`, NaN where missing."""
    samples = genotypes.sample_ids.rename("sample_id")
    return pd.DataFrame(genotypes.dense(), index=samples, columns=list(genotypes.features.index))


def _first_of_each(rows: pd.DataFrame, id_column: str) -> pd.DataFrame:
    rows = rows if id_column in rows.columns else rows.rename_axis(id_column).reset_index()
    return rows[rows[id_column] != ""].drop_duplicates(id_column).set_index(id_column)


def _filled(before: pd.DataFrame | None, rows: pd.DataFrame) -> pd.DataFrame:
    return rows if before is None else before.combine_first(rows)

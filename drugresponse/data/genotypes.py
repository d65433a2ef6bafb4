"""Genotypes in memory: samples by features, with an explicit missing state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from drugresponse.data.ids import ids_as_text, is_missing_id, without_blanks
from drugresponse.data.stored.number_kinds import KINDS, guess_kind
from drugresponse.data.stored_values import ColumnsInMemory, SideBySide, StoredValues, stays_stored
from drugresponse.data.variants.genome_build import GenomeBuild
from drugresponse.data.variants.genome_order import genome_order
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.errors import InputError, count, show_ids
from drugresponse.shown import Shown, first_few

if TYPE_CHECKING:
    from anndata import AnnData
    from mudata import MuData
    from narwhals.typing import IntoFrame

__all__ = ["FEATURE_COLUMNS", "KINDS", "Genotypes", "GenotypesLike", "refuse_complex"]

FEATURE_COLUMNS = ("block", "kind", "gene", "chromosome", "position", "ref", "alt", "effect", "parent")
_TEXT_COLUMNS = tuple(name for name in FEATURE_COLUMNS if name != "position")


@dataclass(frozen=True, eq=False, repr=False)
class Genotypes(Shown):
    """A (samples x features) matrix whose cells are a number, zero, or missing.

    Attributes
    ----------
    values
        `(n_samples, n_features)` float32, compressed sparse rows in canonical form. A cell that is not stored is 0;
        a missing call is stored as NaN, so that *not assayed* is never *reference*. Those that are
        too many are `StoredValues`, read in blocks of features: what takes all of them asks for `blocks`.
    sample_ids
        `(n_samples,)` unique strings.
    features
        `(n_features,)` rows, index `feature_id`, columns `block, kind, gene, chromosome, position, ref, alt, effect,
        parent`. Text columns use the empty string, `position` (1-based, Int64) uses NA where unknown. `kind` is
        `dosage` (0 to 2 copies of the alternate allele), `altered` (0 or 1), `copy_number` or `score` (real). `parent`
        names what a feature is one of, such as its gene family, nearest first and separated by `;`. Rows are ordered by
        block, chromosome, position, ref, alt and id. An id is unique within its block.
    reference, genome
        Where samples bear the reference beside these features, None tells nothing; and the genome build, if it is told.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0, 2], [1, float("nan")]], ["s1", "s2"], ["rs2", "rs1"], kind="dosage")
    >>> genotypes.shape, list(genotypes.features.index)
    ((2, 2), ['rs1', 'rs2'])
    >>> genotypes.dense()
    array([[ 2.,  0.],
           [nan,  1.]], dtype=float32)
    """

    values: sparse.csr_array
    sample_ids: pd.Index
    features: pd.DataFrame
    reference: ReferenceCalls | None = None
    genome: GenomeBuild = field(default_factory=GenomeBuild)

    @classmethod
    def build(cls, values: Any, sample_ids: Sequence[str], features: pd.DataFrame) -> Genotypes:
        """Check, complete and order the parts; the one way in for every reader.

        Parameters
        ----------
        values
            `(n_samples, n_features)` dense, sparse or stored; NaN is missing.
        sample_ids
            `(n_samples,)` ids, unique.
        features
            `(n_features,)` rows, index `feature_id`; absent columns are filled with "unknown".

        Raises
        ------
        InputError
            An id occurs twice, shapes disagree, or a value is infinite.
        """
        refuse_complex(values)
        is_stored = isinstance(values, StoredValues)
        # a copy: what follows sorts and prunes in place
        matrix = values if is_stored else sparse.csr_array(values, dtype=np.float32, copy=sparse.issparse(values))
        samples = pd.Index(without_blanks(map(str, sample_ids), "genotypes"), name="sample_id", dtype=object)
        table = _complete_features(features)
        if matrix.shape != (len(samples), len(table)):
            raise InputError(
                f"genotypes: the matrix is {matrix.shape[0]} x {matrix.shape[1]}, "
                f"its labels are {len(samples)} samples x {len(table)} features. "
                "Give one label for each row and column."
            )
        _refuse_duplicates(samples, table)
        if not is_stored and np.isinf(matrix.data).any():
            raise InputError("genotypes: found an infinite value (expected a number or missing). Correct the input.")
        order = genome_order(table)
        if not np.array_equal(order, np.arange(len(order))):
            matrix = matrix.take_columns(order) if is_stored else matrix[:, order]
            table = table.iloc[order]
        if is_stored:
            return cls(matrix, samples, table)
        matrix = sparse.csr_array(matrix)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        return cls(matrix, samples, table)

    @classmethod
    def from_dense(
        cls,
        values: ArrayLike,
        sample_ids: Sequence[str],
        feature_ids: Sequence[str],
        *,
        kind: str | None = None,
        block: str | None = None,
    ) -> Genotypes:
        """Genotypes from a plain array, NaN where missing; `kind` is guessed from the values when not given."""
        refuse_complex(values)
        array = np.asarray(values, dtype=np.float32)
        kind = guess_kind(array) if kind is None else kind
        features = pd.DataFrame({"kind": kind, "block": block or kind}, index=pd.Index(feature_ids, name="feature_id"))
        return cls.build(array, sample_ids, features)

    @classmethod
    def join(cls, sources: Sequence[Genotypes]) -> Genotypes:
        """Put several sources side by side; a sample that a source lacks is missing in all of that source's features.

        Raises
        ------
        InputError
            No source, or the same feature of the same block in two sources.
        """
        if not sources:
            raise InputError("genotypes: no source was given. Give at least one file of genotypes.")
        if len(sources) == 1:
            return sources[0]
        samples = pd.Index(pd.unique(np.concatenate([source.sample_ids.to_numpy() for source in sources])))
        parts = [source.reindex(samples) for source in sources]
        if any(part.is_stored for part in parts):
            joined = cls._join_stored(parts)
        else:
            values = sparse.hstack([part.values for part in parts], format="csr")
            joined = cls.build(values, list(samples), pd.concat([source.features for source in sources]))
        reference = ReferenceCalls.join([part.reference for part in parts if part.reference])
        return replace(joined, reference=reference, genome=GenomeBuild.joined(part.genome for part in parts))

    @classmethod
    def _join_stored(cls, parts: Sequence[Genotypes]) -> Genotypes:
        """Sources of the same samples side by side, none of them read."""
        views = [
            part.values if part.is_stored else StoredValues.of(ColumnsInMemory(sparse.csc_array(part.values)))
            for part in parts
        ]
        samples, features = parts[0].sample_ids, pd.concat([part.features for part in parts])
        first = np.cumsum([0, *(view.source.shape[1] for view in views)])
        columns = np.concatenate([start + view.columns for start, view in zip(first[:-1], views, strict=True)])
        _refuse_duplicates(samples, features)
        order = genome_order(features)
        source = SideBySide([view.source for view in views], [view.rows for view in views])
        values = StoredValues(source, columns[order], np.arange(len(samples)))
        return cls(values, samples, features.iloc[order])

    @property
    def is_stored(self) -> bool:
        """Whether the values stay where they are stored and are read in blocks."""
        return isinstance(self.values, StoredValues)

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_samples, n_features)`."""
        return int(self.values.shape[0]), int(self.values.shape[1])

    def _headline(self) -> str:
        n_samples, n_features = self.shape
        return f"Genotypes: {count(n_samples, 'sample')} x {count(n_features, 'feature')}"

    def _facts(self) -> dict[str, str]:
        blocks = self.features["block"].value_counts(sort=False).items()
        # what is stored is not read to be shown
        missing = "" if self.is_stored else f", {np.isnan(self.values.data).sum() / max(1, self.values.size):.3g}"
        return {
            "sample_ids": first_few(self.sample_ids, self.shape[0]),
            "features": first_few(self.features.index, self.shape[1]),
            "blocks": ", ".join(f"{block} ({n:,})" for block, n in blocks),
            "values": "read in blocks from where they are stored" if self.is_stored else f"in memory{missing} missing",
            "reference": "" if self.reference is None else "known beside these features",
        }

    def blocks(self, columns: NDArray[np.intp] | None = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
        """The values in dense blocks of features, so that all of them never need to be held at once.

        Parameters
        ----------
        columns
            Numbers of the features that are wanted, in their order; None is all.

        Yields
        ------
        columns : (n_block,) int
            Numbers of the features of a block.
        values : (n_samples, n_block) float32
            NaN where missing.

        Examples
        --------
        >>> genotypes = Genotypes.from_dense([[0, 2], [1, 0]], ["s1", "s2"], ["rs1", "rs2"])
        >>> [(at.tolist(), values.tolist()) for at, values in genotypes.blocks()]
        [([0, 1], [[0.0, 2.0], [1.0, 0.0]])]
        """
        if self.is_stored:
            yield from self.values.blocks(columns)
            return
        yield from StoredValues.of(ColumnsInMemory(sparse.csc_array(self.values))).blocks(columns)

    def in_memory(self) -> Genotypes:
        """The same, with all values in memory."""
        return replace(self, values=self.values.in_memory()) if self.is_stored else self

    def select(self, columns: NDArray[np.intp]) -> Genotypes:
        """The features at these numbers, in this order; values that are stored are not read."""
        values = self.values.take_columns(columns) if self.is_stored else sparse.csr_array(self.values[:, columns])
        return replace(self, values=values, features=self.features.iloc[columns])

    def as_root(self) -> Genotypes:
        """The same, of whose samples costly things are learned once for all that take some of them.

        Values that are too many for learners to hold are read in blocks from here on, also where they are in memory.
        """
        if self.is_stored:
            return replace(self, values=self.values.as_root())
        if not stays_stored(self.shape):
            return self
        return replace(self, values=StoredValues.of(ColumnsInMemory(sparse.csc_array(self.values))))

    def without_features(self) -> Genotypes:
        """The same samples with no feature at all; nothing is read."""
        nothing = sparse.csr_array((self.shape[0], 0), dtype=np.float32)
        return replace(self, values=nothing, features=self.features.iloc[:0])

    def dense(self, columns: NDArray[np.intp] | None = None) -> NDArray[np.float32]:
        """`(n_samples, n_features)` float32, NaN where missing; of all features, or of those with these numbers."""
        if columns is None:
            return np.asarray(self.values.toarray(), dtype=np.float32)
        values = self.values.read(columns) if self.is_stored else self.values[:, columns].toarray()
        return np.ascontiguousarray(values, dtype=np.float32)  # rows first, as products sum in the order of memory

    def missing(self) -> sparse.csr_array:
        """`(n_samples, n_features)` bool, true where a call is missing."""
        if self.is_stored:
            return self.values.missing()
        mask = sparse.csr_array(
            (np.isnan(self.values.data), self.values.indices, self.values.indptr), shape=self.values.shape, copy=True
        )
        mask.eliminate_zeros()
        return mask

    def n_missing(self) -> NDArray[np.intp]:
        """`(n_features,)` missing calls of each feature."""
        if self.is_stored:
            return self.values.n_missing()
        return np.bincount(self.values.indices[np.isnan(self.values.data)], minlength=self.shape[1])

    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`(n_features,)` mean and variance of each feature over its called samples; NaN where nothing is called."""
        if self.is_stored:
            return self.values.moments()
        from sklearn.utils.sparsefuncs import mean_variance_axis  # heavy, and readers need none of it

        mean, variance = mean_variance_axis(self.values.astype(np.float64), axis=0)
        return mean, variance

    def constant(self) -> NDArray[np.bool_]:
        """`(n_features,)` whether all calls that are not missing are equal, or all are missing.

        Examples
        --------
        >>> Genotypes.from_dense([[0, 1, 2], [0, 1, 0]], ["s1", "s2"], ["a", "b", "c"]).constant().tolist()
        [True, True, False]
        """
        if self.is_stored:
            return self.values.constant()
        from sklearn.utils.sparsefuncs import min_max_axis  # heavy, and readers need none of it

        low, high = min_max_axis(self.values, axis=0, ignore_nan=True)
        return np.asarray(~(low < high), dtype=bool)

    def take(self, rows: NDArray[np.intp]) -> Genotypes:
        """The samples at these row numbers, in this order."""
        reference = self.reference and self.reference.take(np.asarray(rows))
        values = self.values.take_rows(np.asarray(rows)) if self.is_stored else sparse.csr_array(self.values[rows])
        return Genotypes(values, self.sample_ids[rows], self.features, reference, self.genome)

    def reindex(self, sample_ids: pd.Index) -> Genotypes:
        """The samples with these ids, in this order; an id that is not here becomes a row of missing calls."""
        at = self.sample_ids.get_indexer(sample_ids)
        reference = None if self.reference is None else self.reference.take(at)
        ids = pd.Index(sample_ids, name="sample_id", dtype=object)
        if self.is_stored:
            return Genotypes(self.values.take_rows(at), ids, self.features, reference, self.genome)
        unknown = sparse.csr_array(np.full((1, self.shape[1]), np.nan, np.float32))
        rows = sparse.vstack([self.values, unknown], format="csr") if (at < 0).any() else self.values
        return Genotypes(sparse.csr_array(rows[at]), ids, self.features, reference, self.genome)

    def equals(self, other: Genotypes) -> bool:
        """Whether samples, features and every call, missing ones included, are the same."""
        if self.is_stored or other.is_stored:
            return self.in_memory().equals(other.in_memory())
        return (
            self.sample_ids.equals(other.sample_ids)
            and self.features.equals(other.features)
            and np.array_equal(self.values.indptr, other.values.indptr)
            and np.array_equal(self.values.indices, other.values.indices)
            and np.array_equal(self.values.data, other.values.data, equal_nan=True)
        )


GenotypesLike: TypeAlias = Union[Genotypes, pd.DataFrame, "AnnData", "MuData", "IntoFrame", Mapping[str, Any]]
"""What functions take for genotypes: see `as_genotypes`."""


def _complete_features(features: pd.DataFrame) -> pd.DataFrame:
    table = features.reindex(columns=list(FEATURE_COLUMNS))
    table.index = pd.Index([str(name) for name in features.index], name="feature_id", dtype=object)
    for column in _TEXT_COLUMNS:
        if column not in features.columns:
            table[column] = pd.Series("", table.index, dtype=object)
            continue
        # large tables of variants are text already, and making them so takes longer than reading their calls
        if table[column].dtype != object or pd.api.types.infer_dtype(table[column], skipna=False) != "string":
            table[column] = ids_as_text(table[column])
    table["kind"] = table["kind"].replace("", "score")
    table["block"] = table["block"].where(table["block"] != "", table["kind"])
    table["position"] = _whole_positions(table["position"])
    unknown = sorted(set(table["kind"]) - set(KINDS))
    if unknown:
        raise InputError(f'features: found kind "{unknown[0]}" (expected one of {", ".join(KINDS)}). Correct the kind.')
    return table


def _whole_positions(column: pd.Series) -> pd.Series:
    """Positions as Int64, NA where unknown, whatever they were stored as."""
    if pd.api.types.is_integer_dtype(column.dtype):
        return column.astype("Int64")
    known = column.notna() & (column.astype(str).str.strip() != "")
    no_number = pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype)
    numbers = pd.to_numeric(column.astype(object).where(known & (not no_number), np.nan), errors="coerce")
    odd = known & ~((numbers == numbers.round()) & (numbers.abs() < 2**53))
    if odd.any():
        at = int(np.argmax(odd))
        raise InputError(
            f'genotypes: found {show_ids([column.iloc[at]])} as the position of feature "{column.index[at]}" (expected '
            "a whole number). Correct the position."
        )
    return numbers.astype("Int64")


def refuse_complex(values: Any) -> None:
    """Refuse numbers with an imaginary part, which would be lost.

    Raises
    ------
    InputError
        The values are complex.
    """
    if getattr(getattr(values, "dtype", None), "kind", "") == "c":
        raise InputError(f"genotypes: the values are {values.dtype} (expected real numbers). Write real numbers.")


def _refuse_duplicates(samples: pd.Index, features: pd.DataFrame) -> None:
    # the sample of a VCF without read groups is called unknown
    missing = [sample_id for sample_id in samples if is_missing_id(sample_id) and sample_id != "unknown"]
    if missing:
        raise InputError(
            f"genotypes: found {show_ids(dict.fromkeys(missing))} as the id of {count(len(missing), 'sample')} "
            "(expected ids; this is a word for missing). Name or remove them."
        )
    if not samples.is_unique:
        raise InputError(
            f"genotypes: {show_ids(samples[samples.duplicated()].unique())} stands in more than one row "
            "(expected one row for each sample). Rename or remove the repeats."
        )
    if (features.index == "").any():
        raise InputError("genotypes: found a feature without a name (expected an id). Name or remove it.")
    if features.index.is_unique:
        return
    keys = pd.MultiIndex.from_arrays([features["block"], features.index])
    if not keys.is_unique:
        repeated = features.index[keys.duplicated()].unique()
        raise InputError(
            f"genotypes: feature {show_ids(repeated)} occurs more than once in its block (expected each feature once). "
            "Rename or remove the repeats, or name each block: expression=FILE (in Galaxy under Genotype options)."
        )

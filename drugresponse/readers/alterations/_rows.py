"""Long tables of alterations, and Mutation Annotation Format -> who has which class of effect in which gene."""

from __future__ import annotations

import logging
import re
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from drugresponse.data.column_names import plain_name
from drugresponse.data.ids import is_missing_id, trimmed
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.alterations.classes import SILENT, SMALL_MUTATIONS, WILD_TYPE, classify, parse_protein_change
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.text.delimited import even_rows, refuse_bad_header
from drugresponse.readers.text.row_stream import stream_rows
from drugresponse.readers.text.spreadsheet_dates import warn_of_dates

__all__ = ["AlterationRows", "looks_like_alterations", "read_alteration_rows"]

logger = logging.getLogger(__name__)

_SAMPLE = ("tumorsamplebarcode", "sampleid", "sample", "samplename", "tumorsampleid", "tumorsample", "modelid",
           "depmapid", "celllineid", "celllinename", "cellline", "patientid", "patient")  # fmt: skip
_GENE = ("hugosymbol", "gene", "genesymbol", "genename", "symbol", "hugogenesymbol")
_ALTERATION = ("variantclassification", "alteration", "alterationtype", "alterationclass", "effect", "consequence",
               "mutationtype", "mutationeffect", "mutationclass", "exonicfuncrefgene", "variantinfo",
               "molecularconsequence", "mutationdescription")  # fmt: skip
_PROTEIN = ("hgvspshort", "proteinchange", "hgvsp", "aachange", "aminoacidchange", "hgvsprotein", "proteinhgvs",
            "proteinmutation", "mutationaa")  # fmt: skip
_NO_GENE = frozenset({"unknown", "intergenic"})
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_MOST_OTHER_TERMS = 50


@dataclass(frozen=True, eq=False)
class AlterationRows:
    """What the rows of a file say.

    Attributes
    ----------
    samples
        Every sample with a row, in order of first appearance.
    altered
        Distinct rows `sample, gene, effect, change`: number of the sample, and text; `change` is "" where none is told.
    unaltered
        Distinct rows `sample, gene` that the file declares wild type.
    """

    samples: list[str]
    altered: pd.DataFrame
    unaltered: pd.DataFrame


@dataclass
class _Codes:
    """Distinct texts by number, so that a row of the file costs a few bytes."""

    of: dict[str, int] = field(default_factory=dict)
    rows: array = field(default_factory=lambda: array("i"))

    def code(self, text: str) -> int:
        return self.of.setdefault(text, len(self.of))

    def add(self, text: str) -> None:
        self.rows.append(self.code(text))

    def texts(self, rename: Callable[[str], str]) -> np.ndarray:
        return np.array([rename(each) for each in self.of], dtype=object)[np.frombuffer(self.rows, dtype=np.intc)]


@dataclass(frozen=True)
class _Columns:
    sample: int
    gene: int
    alteration: int | None
    protein: int | None


def looks_like_alterations(header: Sequence[str]) -> bool:
    """Whether these are the column names of a long table of alterations: a sample, a gene, and what happened to it.

    `header` is the first row that is no comment; Mutation Annotation Format is one such table.

    Examples
    --------
    >>> looks_like_alterations(["Hugo_Symbol", "Variant_Classification", "Tumor_Sample_Barcode"])
    True
    >>> looks_like_alterations(["sample_id", "gene", "alteration"]), looks_like_alterations(["sample_id", "TP53"])
    (True, False)
    """
    names = [plain_name(name) for name in header]
    found = [any(each in names for each in kind) for kind in (_SAMPLE, _GENE, (*_ALTERATION, *_PROTEIN))]
    return all(found)


def read_alteration_rows(path: str | Path, *, aliases: GeneNames | None = None) -> AlterationRows:
    r"""Read a table with one row for each alteration of a gene in a sample.

    Parameters
    ----------
    path
        The file, as for `read_alterations`.
    aliases
        Names of genes in use.

    Raises
    ------
    InputError
        A column is absent or repeated, a row is shorter or longer than the header, has no sample or no alteration, or
        the column of alterations holds free text.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "alterations.dat")
    ...     _ = file.write_text("sample_id,gene,alteration\ns1,BRAF,V600E\ns2,BRAF,silent\n")
    ...     rows = read_alteration_rows(file)
    >>> rows.samples, rows.altered.to_numpy().tolist()
    (['s1', 's2'], [[0, 'BRAF', 'missense', 'V600E']])
    """
    where = Path(path).name
    numbered = stream_rows(path)
    header = [trimmed(name) for name in next(numbered)[1]]
    refuse_bad_header(header, where)
    columns = _columns(header, where)
    samples, genes, effects, changes = _Codes(), _Codes(), _Codes(), _Codes()
    effects_of = _Effects(columns, where)
    left_out: Counter[str] = Counter()
    for line, cells in even_rows(numbered, len(header), where):
        sample, gene = trimmed(cells[columns.sample]), trimmed(cells[columns.gene])
        if is_missing_id(sample):
            here = f' but "{sample}"' if sample else ""
            raise InputError(
                f"{where}, line {line}: found no sample{here} (expected an id). Fill it or remove the line."
            )
        samples.code(sample)
        term = "" if columns.alteration is None else cells[columns.alteration].strip()
        protein = "" if columns.protein is None else cells[columns.protein].strip()
        if is_missing(gene) or gene.lower() in _NO_GENE:
            if not is_missing(term) or not is_missing(protein):
                left_out["(no gene)"] += 1
            continue
        effect, change = effects_of.find(term, protein, line, gene)
        if effect == SILENT:
            left_out[term] += 1
            continue
        samples.add(sample)
        genes.add(gene)
        effects.add(effect)
        changes.add(change)
    effects_of.report()
    _report(where, samples, genes, left_out, aliases)
    return _tabulate(samples, genes, effects, changes, aliases)


class _Effects:
    """The effect of each pair of term and protein change, looked up once."""

    def __init__(self, columns: _Columns, where: str) -> None:
        self._nothing_told = columns.alteration is None and columns.protein is None
        self._where = where
        self._found: dict[tuple[str, str], tuple[str, str]] = {}
        self._others: set[str] = set()

    def find(self, term: str, protein: str, line: int, gene: str) -> tuple[str, str]:
        """Class of effect (a term of no known class is one of its own), and protein change or ""."""
        if (term, protein) not in self._found:
            self._found[term, protein] = self._classify(term, protein, line, gene)
        return self._found[term, protein]

    def report(self) -> None:
        if self._others:
            logger.warning(
                "%s: alterations of no known class become features of their own: %s.",
                self._where,
                show_ids(sorted(self._others)),
            )

    def _classify(self, term: str, protein: str, line: int, gene: str) -> tuple[str, str]:
        change, implied = parse_protein_change(protein) or ("", "")
        if is_missing(term):
            if not implied and is_missing(protein) and not self._nothing_told:
                raise InputError(
                    f"{self._where}, line {line}: found no alteration for the gene {show_ids([gene])} (expected one, "
                    'such as missense or V600E; "wild type" for none). Fill it or remove the line.'
                )
            return implied or "mutation", "" if implied == SILENT else change
        effect = classify(term)
        if effect is None and (told := parse_protein_change(term)):
            change, effect = told
        if effect is None and _NUMBER.fullmatch(term):
            raise InputError(
                f"{self._where}, line {line}: found the number {term} as alteration (expected words). Write deletion, "
                "loss, gain or amplification; 1 and 0 mean mutated and wild type."
            )
        if effect is None:
            self._others.add(term)
            if len(self._others) > _MOST_OTHER_TERMS:
                raise InputError(
                    f"{self._where}, line {line}: found more than {_MOST_OTHER_TERMS} alterations of no known class, "
                    f"such as {show_ids(sorted(self._others))} (expected classes such as missense, or protein changes "
                    "such as V600E). Name the column with the class of effect Variant_Classification."
                )
            return term, ""
        if effect == "mutation" and implied not in ("", SILENT):
            effect = implied
        return effect, change if effect in SMALL_MUTATIONS and implied != SILENT else ""


def _columns(header: Sequence[str], where: str) -> _Columns:
    plain = {plain_name(name): at for at, name in reversed(list(enumerate(header)))}

    def find(names: Sequence[str]) -> int | None:
        return next((plain[each] for each in names if each in plain), None)

    sample, gene = find(_SAMPLE), find(_GENE)
    if sample is None or gene is None:
        raise InputError(
            f"{where}: found no column for the {'sample' if sample is None else 'gene'} (its columns are "
            f"{show_ids(header, 8)}; expected sample_id, gene and alteration, or Tumor_Sample_Barcode, Hugo_Symbol and "
            "Variant_Classification). Rename the columns."
        )
    return _Columns(sample, gene, find(_ALTERATION), find(_PROTEIN))


def _report(where: str, samples: _Codes, genes: _Codes, left_out: Counter[str], aliases: GeneNames | None) -> None:
    if aliases is not None:
        aliases.report(genes.of, where)
    warn_of_dates(genes.of if aliases is None else map(aliases.current, genes.of), where)
    bare = len(samples.of) - len(set(samples.rows))
    if left_out:
        terms = ", ".join(f"{term} {count}" for term, count in sorted(left_out.items(), key=lambda each: -each[1]))
        logger.info("%s: rows left out, since they change no protein: %d (%s).", where, left_out.total(), terms)
    if bare:
        logger.info("%s: samples without other rows count as assayed, without alterations: %d.", where, bare)


def _tabulate(
    samples: _Codes, genes: _Codes, effects: _Codes, changes: _Codes, aliases: GeneNames | None
) -> AlterationRows:
    rows = pd.DataFrame(
        {
            "sample": np.frombuffer(samples.rows, dtype=np.intc).astype(np.intp),
            "gene": pd.Series(genes.texts(aliases.current if aliases else str), dtype=object),
            "effect": pd.Series(effects.texts(str), dtype=object),
            "change": pd.Series(changes.texts(str), dtype=object),
        }
    ).drop_duplicates(ignore_index=True)
    free = rows["effect"] == WILD_TYPE
    return AlterationRows(
        list(samples.of),
        rows[~free].reset_index(drop=True),
        rows.loc[free, ["sample", "gene"]].reset_index(drop=True),
    )

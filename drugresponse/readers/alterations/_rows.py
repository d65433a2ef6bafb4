"""Long tables of alterations, and Mutation Annotation Format -> who has which class of effect in which gene."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from drugresponse.data.column_names import find_column
from drugresponse.data.conversion.spreadsheet_dates import warn_of_dates
from drugresponse.data.ids import is_missing_id, trimmed
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, count, quoted, show_ids
from drugresponse.readers.alterations.classes import (
    PROMOTER,
    SILENT,
    SMALL_MUTATIONS,
    WILD_TYPE,
    classify,
    is_promoter,
    parse_protein_change,
    protein_changes,
)
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.text.delimited import even_rows, refuse_bad_header
from drugresponse.readers.text.files import stream_rows

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
    """What the rows of one file or several say.

    Attributes
    ----------
    samples
        Every sample with a row, in order of first appearance.
    altered
        Distinct rows `sample, gene, effect, change`, all text; `change` is "" where none is written.
    unaltered
        Distinct rows `sample, gene` that are declared wild type.
    """

    samples: list[str]
    altered: pd.DataFrame
    unaltered: pd.DataFrame

    @classmethod
    def join(cls, parts: Sequence[AlterationRows]) -> AlterationRows:
        """The rows of several files as of one."""
        samples = list(dict.fromkeys(sample for part in parts for sample in part.samples))
        altered, unaltered = (
            pd.concat(tables, ignore_index=True).drop_duplicates(ignore_index=True)
            for tables in ([part.altered for part in parts], [part.unaltered for part in parts])
        )
        return cls(samples, altered, unaltered)

    def in_one_case(self, known_genes: Iterable[str], where: str) -> AlterationRows:
        """The same with each gene in one letter case: that of the known genes, else the one of most rows."""
        written = Counter(pd.concat([self.altered["gene"], self.unaltered["gene"]]))
        spelt = {gene.casefold(): gene for gene in known_genes}
        for gene, _ in sorted(written.items(), key=lambda item: (-item[1], item[0])):
            spelt.setdefault(gene.casefold(), gene)
        other = {gene: name for gene in written if (name := spelt[gene.casefold()]) != gene}
        if not other:
            return self
        shown = ", ".join(f'"{gene}" as "{name}"' for gene, name in list(other.items())[:3])
        logger.warning(
            "%s: genes that differ in the case of letters only are one gene: %s is read as the other (%s).",
            where, count(len(other), "name"), shown,
        )  # fmt: skip
        altered, unaltered = (
            rows.assign(gene=rows["gene"].replace(other)).drop_duplicates(ignore_index=True)
            for rows in (self.altered, self.unaltered)
        )
        return AlterationRows(self.samples, altered, unaltered)


@dataclass(frozen=True)
class _Columns:
    sample: int
    gene: int
    alteration: int | None
    protein: int | None

    @classmethod
    def named(cls, header: Sequence[str], where: str) -> _Columns:
        sample, gene = find_column(header, _SAMPLE), find_column(header, _GENE)
        if sample is None or gene is None:
            raise InputError(
                f"{where}: found no column for the {'sample' if sample is None else 'gene'} (its columns are "
                f"{show_ids(header, 8)}; expected sample_id, gene and alteration, or Tumor_Sample_Barcode, Hugo_Symbol "
                "and Variant_Classification). Rename the columns."
            )
        return cls(sample, gene, find_column(header, _ALTERATION), find_column(header, _PROTEIN))

    def texts(self, cells: Sequence[str]) -> tuple[str, str, str, str]:
        """Sample, gene, alteration and protein change of a row; "" of a column that the file lacks."""
        term = "" if self.alteration is None else cells[self.alteration].strip()
        protein = "" if self.protein is None else cells[self.protein].strip()
        return trimmed(cells[self.sample]), trimmed(cells[self.gene]), term, protein


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
    return all(find_column(header, names) is not None for names in (_SAMPLE, _GENE, (*_ALTERATION, *_PROTEIN)))


def read_alteration_rows(path: AnySource, *, aliases: GeneNames | None = None) -> AlterationRows:
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
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "alterations.dat")
    ...     _ = file.write_text("sample_id,gene,alteration\ns1,BRAF,V600E\ns2,BRAF,silent\n")
    ...     rows = read_alteration_rows(file)
    >>> rows.samples, rows.altered.to_numpy().tolist()
    (['s1', 's2'], [['s1', 'BRAF', 'missense', 'V600E']])
    """
    file = Source.of(path)
    where = file.name
    numbered = stream_rows(file)
    header = [trimmed(name) for name in next(numbered)[1]]
    refuse_bad_header(header, where)
    columns = _Columns.named(header, where)
    effects = _Effects(columns, where)
    rename = aliases.current if aliases else str
    # a text that many rows share is held once
    samples: dict[str, str] = {}
    genes: dict[str, str] = {}
    table: dict[str, list[str]] = {"sample": [], "gene": [], "effect": [], "change": []}
    left_out: Counter[str] = Counter()
    for line, cells in even_rows(numbered, len(header), where):
        sample, gene, term, protein = columns.texts(cells)
        if is_missing_id(sample):
            word = f" but {quoted(sample)}" if sample else ""
            raise InputError(
                f"{where}, line {line}: found no sample{word} (expected an id). Fill it or remove the line."
            )
        sample = samples.setdefault(sample, sample)
        if is_missing(gene) or gene.lower() in _NO_GENE:
            if not is_missing(term) or not is_missing(protein):
                left_out["(no gene)"] += 1
            continue
        for effect, change in effects.of(term, protein, line, gene):
            if effect == SILENT:
                left_out[term] += 1
                continue
            cells_of_row = (sample, genes.setdefault(gene, rename(gene)), effect, change)
            for name, text in zip(table, cells_of_row, strict=True):
                table[name].append(text)
    effects.report()
    if aliases is not None:
        aliases.report(genes, where)
    warn_of_dates(genes.values(), where)
    _report(where, len(samples) - len(set(table["sample"])), left_out)
    rows = pd.DataFrame(table, dtype=object).drop_duplicates(ignore_index=True)
    free = rows["effect"] == WILD_TYPE
    return AlterationRows(
        list(samples), rows[~free].reset_index(drop=True), rows.loc[free, ["sample", "gene"]].reset_index(drop=True)
    )


class _Effects:
    """The effect of each pair of term and protein change, looked up once."""

    def __init__(self, columns: _Columns, where: str) -> None:
        self._has_columns = columns.alteration is not None or columns.protein is not None
        self._where = where
        self._known: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._others: set[str] = set()

    def of(self, term: str, protein: str, line: int, gene: str) -> list[tuple[str, str]]:
        """Class of effect (a term of no known class is one of its own), and protein change or "", of each change."""
        if is_promoter(term, gene):
            return [(PROMOTER, "")]
        if (term, protein) not in self._known:
            place = f"{self._where}, line {line}"
            terms = [term] if classify(term) else protein_changes(term)
            effects = [
                self._classify(each, change, place, gene) for each in terms for change in protein_changes(protein)
            ]
            self._known[term, protein] = list(dict.fromkeys(effects))
        return self._known[term, protein]

    def report(self) -> None:
        if self._others:
            logger.warning(
                f"{self._where}: alterations of no known class become features of their own: "
                f"{show_ids(sorted(self._others))}."
            )

    def _classify(self, term: str, protein: str, place: str, gene: str) -> tuple[str, str]:
        change, implied = parse_protein_change(protein) or ("", "")
        if is_missing(term):
            if not implied and is_missing(protein) and self._has_columns:
                raise InputError(
                    f"{place}: found no alteration for the gene {quoted(gene)} (expected one, such as missense or "
                    'V600E; "wild type" for none). Fill it or remove the line.'
                )
            return implied or "mutation", "" if implied == SILENT else change
        effect = classify(term)
        if effect is None and (in_term := parse_protein_change(term)):
            change, effect = in_term
        if effect is None:
            self._refuse_free_text(term, place)
            return term, ""
        if (effect == "mutation" and implied not in ("", SILENT)) or (effect == SILENT and implied == "splice"):
            effect = implied  # such as Splice_Region with p.X1010_splice, which skips an exon of MET
        return effect, change if effect in SMALL_MUTATIONS and implied != SILENT else ""

    def _refuse_free_text(self, term: str, place: str) -> None:
        if _NUMBER.fullmatch(term):
            raise InputError(
                f"{place}: found the number {term} as alteration (expected words). Write deletion, loss, gain or "
                "amplification; 1 and 0 mean mutated and wild type."
            )
        self._others.add(term)
        if len(self._others) > _MOST_OTHER_TERMS:
            raise InputError(
                f"{place}: found more than {_MOST_OTHER_TERMS} alterations of no known class, such as "
                f"{show_ids(sorted(self._others))} (expected classes such as missense, or protein changes such as "
                "V600E). Name the column with the class of effect Variant_Classification."
            )


def _report(where: str, n_bare: int, left_out: Counter[str]) -> None:
    if left_out:
        terms = ", ".join(f"{term} {number}" for term, number in sorted(left_out.items(), key=lambda item: -item[1]))
        logger.info("%s: rows left out, since they change no protein: %d (%s).", where, left_out.total(), terms)
    if n_bare:
        logger.info("%s: samples without other rows count as assayed, without alterations: %d.", where, n_bare)

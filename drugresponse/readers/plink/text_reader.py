"""What PLINK writes for R: .raw (samples x variants) and .traw (variants x samples) -> copies of the counted allele."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.chromosomes import are_human, plain_chromosome
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.errors import InputError, count, show_ids
from drugresponse.readers.plink._labels import unique_samples
from drugresponse.readers.plink._text_labels import PLACE, sample_names, variants_of_columns
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.tables.text_tables import read_features
from drugresponse.readers.text.delimited import DelimitedText, cut_rows
from drugresponse.readers.text.files import decode_file
from drugresponse.readers.variants.allele_calls import NO_ALLELE

__all__ = ["looks_like_raw", "looks_like_traw", "read_raw", "read_traw"]

logger = logging.getLogger(__name__)

_RAW = ["FID", "IID", "PAT", "MAT", "SEX", "PHENOTYPE"]
_TRAW = ["CHR", "SNP", "(C)M", "POS", "COUNTED", "ALT"]
_N_LABELS = 6
_NOBODY = ("0", *filter(None, NO_ALLELE))


def looks_like_raw(header: Sequence[str]) -> bool:
    """Whether these are the first columns of a .raw file, also when it was written anew with commas.

    Examples
    --------
    >>> looks_like_raw(["FID IID PAT MAT SEX PHENOTYPE rs7_A"]), looks_like_raw(["IID", "rs7_A"])
    (True, False)
    """
    return _names(header)[:_N_LABELS] == _RAW


def looks_like_traw(header: Sequence[str]) -> bool:
    """Whether these are the first columns of a .traw file.

    Examples
    --------
    >>> looks_like_traw(["CHR", "SNP", "(C)M", "POS", "COUNTED", "ALT", "f1_s1"])
    True
    """
    return _names(header)[:_N_LABELS] == _TRAW


def read_raw(
    path: AnySource,
    *,
    features: AnySource | None = None,
    absent_means: Literal["missing", "reference"] = "missing",
) -> Genotypes:
    r"""Read what `plink --recode A` or `AD` (PLINK 2: `--export A`) wrote.

    Parameters
    ----------
    path
        Separated by blanks, tabs or commas; gzip or not.
    features
        Table of the variants, by the name of the variant or of the column: chromosome, position, ref and alt, none of
        which the file tells. A name such as `1:1000:A:G` tells them too.
    absent_means
        What `NA` means: not known, or the reference.

    Returns
    -------
    Genotypes
        Kind and block `dosage`. `alt` is the counted allele, unless the table or the name say that it is the reference:
        then its copies are turned. A variant whose place and alleles are known is named as in a VCF, another as in the
        file. Samples are named by their IID.

    Raises
    ------
    InputError
        The file is damaged, a cell is no number from 0 to 2, or the table contradicts the counted allele.

    Notes
    -----
    Sex, parents and the phenotype are no genotypes and are not read; neither are the columns `_HET` of AD.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "cohort.raw")
    ...     _ = file.write_text("FID IID PAT MAT SEX PHENOTYPE rs7_A rs7_HET\nf s1 0 0 1 -9 2 0\nf s2 0 0 2 -9 NA NA\n")
    ...     genotypes = read_raw(file)
    >>> genotypes.features["alt"].to_dict(), genotypes.dense().tolist()
    ({'rs7': 'A'}, [[2.0], [nan]])
    """
    file = Source.of(path)
    text, start = _cut(file)
    header = text.header
    columns = [at for at in range(start + _N_LABELS, len(header)) if not header[at].endswith("_HET")]
    n_left_out = len(header) - start - _N_LABELS - len(columns)
    if n_left_out:
        logger.info("%s: columns of heterozygotes are left out: %d.", file.name, n_left_out)
    if not columns:
        raise InputError(f"{file.name}: found no variant (expected columns such as rs7_A). Check the file.")
    labels = text.beginnings(start + 2)
    samples = unique_samples([row[start + 1] for row in labels], [row[start] for row in labels], file.path)
    values = _copies(text, columns)
    names = [header[at] for at in columns]
    table, turned = variants_of_columns(names, None if features is None else read_features(features), file.name)
    return _genotypes(values, samples, table, turned, absent_means, file.name)


def read_traw(
    path: AnySource,
    *,
    absent_means: Literal["missing", "reference"] = "missing",
    known_samples: Collection[str] | None = None,
) -> Genotypes:
    """Read what `plink --recode A-transpose` (PLINK 2: `--export A-transpose`) wrote.

    Parameters
    ----------
    path
        Separated by tabs or blanks; gzip or not.
    absent_means
        What `NA` means: not known, or the reference.
    known_samples
        Sample ids of the other tables, which tell whether samples are named FID_IID or IID.

    Returns
    -------
    Genotypes
        As `read_raw` gives them. The counted allele is the alternate and the other the reference, as PLINK 1 writes
        them, unless the name of the variant says it the other way round.

    Raises
    ------
    InputError
        The file is damaged, or a cell is no number from 0 to 2.
    """
    file = Source.of(path)
    text, start = _cut(file)
    first_sample = start + _N_LABELS
    labels = pd.DataFrame([row[start:] for row in text.beginnings(first_sample)], columns=_TRAW, dtype=object)
    human = are_human(labels["CHR"].unique())
    positions = pd.to_numeric(labels["POS"], errors="coerce")
    placed = (positions > 0) & (labels["CHR"] != "0")
    table = pd.DataFrame(
        {
            "name": labels["SNP"],
            "chromosome": labels["CHR"].map(partial(plain_chromosome, human=human)).where(placed, ""),
            "position": positions.where(placed).astype("Int64"),
            "ref": labels["ALT"].where(~labels["ALT"].str.contains(","), ""),
            "alt": labels["COUNTED"],
        }
    )
    turned = np.zeros(len(table), dtype=bool)
    for row, (name, counted) in enumerate(zip(table["name"], table["alt"], strict=True)):
        place = PLACE.fullmatch(name)
        if place and (counted, table.at[row, "ref"]) == place.group(3, 4):
            table.loc[row, ["ref", "alt"]], turned[row] = place.group(3, 4), True
    values = _copies(text, range(first_sample, len(text.header)))
    samples = sample_names(text.header[first_sample:], known_samples, file.path)
    return _genotypes(np.ascontiguousarray(values.T), samples, table, turned, absent_means, file.name)


def _names(header: Sequence[str]) -> list[str]:
    names = header[0].split() if len(header) == 1 else [name.strip().strip('"') for name in header]
    return names[1:] if names and names[0] in ("", "#") else names


def _cut(file: Source) -> tuple[DelimitedText, int]:
    """The cells, and where the columns of PLINK begin: behind the numbers of rows that R writes."""
    text = cut_rows(decode_file(file).replace('"', ""), file.name, of_plink=True)
    return text, int(text.header[0] == "")


def _copies(text: DelimitedText, columns: Sequence[int]) -> NDArray[np.float32]:
    """`(n_lines, n_columns)` copies, NaN where missing."""
    where, header = text.where, text.header
    try:
        values = text.numbers(columns)
    except ValueError as error:
        raise InputError(
            f"{where}: found a cell that is no number below {show_ids([header[columns[0]]])} or behind it (expected 0 "
            f"to 2 copies, or NA; {error}). Write the file anew with PLINK."
        ) from error
    wrong = (values < 0) | (values > 2)
    if wrong.any():
        row, column = np.unravel_index(int(np.argmax(wrong)), wrong.shape)
        raise InputError(
            f'{where}, line {text.lines[int(row)]}, column "{header[columns[int(column)]]}": found '
            f"{values[row, column]:g} (expected 0 to 2 copies, or NA). Leave missing calls empty or NA."
        )
    return values


def _genotypes(
    values: NDArray[np.float32],
    samples: list[str],
    table: pd.DataFrame,
    turned: NDArray[np.bool_],
    absent_means: str,
    where: str,
) -> Genotypes:
    values[:, turned] = 2 - values[:, turned]
    if absent_means == "reference":
        values[np.isnan(values)] = 0
    placed = (table["position"].notna() & (table["ref"] != "") & (table["alt"] != "")).to_numpy(dtype=bool)
    carried = ~table[["ref", "alt"]].isin(_NOBODY).any(axis=1).to_numpy(dtype=bool)
    if not carried.all():
        logger.info("%s: %s without an alternate allele left out.", where, count(int((~carried).sum()), "variant"))
    ids = table["name"].astype(object)
    ids[placed] = [
        f"{row.chromosome}:{row.position}:{row.ref}:{row.alt}" for row in table[placed].itertuples(index=False)
    ]
    described = table.drop(columns="name").set_axis(pd.Index(ids, name="feature_id", dtype=object))
    described = described.assign(kind="dosage", block="dosage")[carried]
    built = Genotypes.build(values[:, carried], samples, described)
    # of these the counted allele is not told: they may be the reference or not
    lone = {
        str(name): pd.to_numeric(rows["position"]).fillna(0).to_numpy(dtype=np.int64)
        for name, rows in table[~carried].groupby("chromosome")
    }
    return replace(built, reference=ReferenceCalls(np.full(len(samples), absent_means == "reference"), {}, lone))

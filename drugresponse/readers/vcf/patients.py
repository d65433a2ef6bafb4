"""Many VCF or BCF files, of a patient each or of some samples -> one table of all."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Literal

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.chromosomes import are_human, plain_chromosome
from drugresponse.errors import count
from drugresponse.readers.source.source import Source, words_of
from drugresponse.readers.variants.allele_calls import tell_of_calls
from drugresponse.readers.variants.regions import Regions
from drugresponse.readers.variants.site_filter import PASSED, SiteFilter, filter_genotypes
from drugresponse.readers.variants.sparse_calls import Allele
from drugresponse.readers.variants.stack import SiteStack
from drugresponse.readers.vcf._effects import find_annotation
from drugresponse.readers.vcf._records import Lines, Places
from drugresponse.readers.vcf._sites import VariantHeader
from drugresponse.readers.vcf.reader import read_file, records_of

__all__ = ["hold_other_samples", "read_patients", "sample_names"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_BASES = (b"A", b"C", b"G", b"T")
_CALLS = {
    first + between + second: (first == b"1") + (second == b"1")
    for first in (b"0", b"1")
    for second in (b"0", b"1")
    for between in (b"/", b"|")
}
_PASSED = {name.encode() for name in PASSED}
_SHOWN = 3
"""So many files are named by a message that is the same for many."""
_TOLD_EVERY = 250
_TELLING = ("drugresponse.readers.vcf.reader", "drugresponse.readers.variants.site_filter")


def hold_other_samples(files: Sequence[Source]) -> bool:
    """Whether files are to be stacked: they do not all hold the same cohort, or one is named by a list.

    Two files of one sample each may be of two persons under one id, which `read_patients` finds out.
    """
    if any(file.sample_id is not None for file in files):
        return True
    if len(files) < 2:
        return False
    samples = [set(sample_names(file)) for file in files]
    return len(samples[0]) == 1 or any(each != samples[0] for each in samples)


def sample_names(file: Source) -> tuple[str, ...]:
    """The samples that the header names."""
    with records_of(file) as records:
        return records.header.samples


def read_patients(
    files: Sequence[Source],
    *,
    absent_means: Literal["missing", "reference"] = "missing",
    site_filter: SiteFilter | None = None,
    callable: Regions | None = None,
) -> Genotypes:
    """Read files of other samples each, put below each other by the union of their sites.

    Parameters
    ----------
    files
        Each with any number of samples; `Source.sample_id` names the only one in place of the header.
    absent_means, site_filter, callable
        As for `read_variants`; rare and incomplete sites are looked for among all samples.

    Returns
    -------
    Genotypes
        A site that a file does not list is missing for its samples, or the reference, as `SiteStack` tells.

    Raises
    ------
    InputError
        A file cannot be read, two are of different genome builds, or a sample stands in two of them.
    """
    wanted = site_filter or SiteFilter()
    each = replace(wanted, minimum_frequency=0.0, maximum_missing=1.0)
    stack = SiteStack()
    known: dict[bool, dict[tuple[bytes, ...], int]] = {True: {}, False: {}}
    with _same_words_once():
        for number, file in enumerate(files, start=1):
            with records_of(file, each.regions) as records:
                plain = _PlainRecords(stack, known[are_human(records.header.contigs)], records.header)
                if plain.applies(each):
                    records = replace(records, lines=plain.without(records.lines))
                genotypes, _ = read_file(records, each, absent_means == "reference", callable, may_be_empty=True)
            stack.add(file.name, genotypes, plain.columns, plain.calls, sample_id=file.sample_id)
            if number % _TOLD_EVERY == 0:
                progress.info("read %d of %d files", number, len(files))
    genotypes = stack.finish()
    tell_of_calls(
        words_of(files),
        n_samples=genotypes.shape[0],
        n_alleles=genotypes.shape[1],
        n_missing=int(genotypes.n_missing().sum()),
        n_conflicts=stack.n_conflicts,
        absent_means=absent_means,
    )
    if not wanted.looks_at_calls:
        return genotypes
    limits = SiteFilter(minimum_frequency=wanted.minimum_frequency, maximum_missing=wanted.maximum_missing)
    return filter_genotypes(genotypes, limits)


class _PlainRecords:
    """The records of which most files of one patient consist, taken without the cost of what others may hold.

    Such a record has one base for another, passed all filters, names no gene and calls both copies; what the reader
    makes of it needs no more than its place. All others, and those of which anything is odd, are left to the reader.
    """

    def __init__(self, stack: SiteStack, known: dict[tuple[bytes, ...], int], header: VariantHeader) -> None:
        self.columns: list[int] = []
        self.calls: list[int] = []
        self._stack, self._known, self._header = stack, known, header
        self._human = are_human(header.contigs)

    def applies(self, site_filter: SiteFilter) -> bool:
        """Whether any record of this file may be such a one."""
        annotated = find_annotation(self._header.descriptions) is not None
        return len(self._header.samples) == 1 and not annotated and site_filter in (SiteFilter(), _PASSED_ONLY)

    def without(self, lines: Lines) -> Lines:
        """The lines that are left."""

        def left(wanted: Places | None) -> Iterator[list[tuple[int, bytes]]]:
            for numbered in lines(wanted):
                yield [each for each in numbered if not self._take(each[1])]

        return left

    def _take(self, line: bytes) -> bool:
        cells = line.split(b"\t", 9)
        if len(cells) < 10:
            return False
        chromosome, position, _, ref, alt, _, filters, info, fields, call = cells
        copies = _CALLS.get(call[:3])
        if (
            copies is None
            or call[3:4] not in (b"", b":")
            or b"\t" in call
            or ref not in _BASES
            or alt not in _BASES
            or filters not in _PASSED
            or not fields.startswith(b"GT")
            or fields[2:3] not in (b"", b":")
            or b"FT" in fields
            or b"GENE" in info
            or b"Gene" in info
        ):
            return False
        key = chromosome, position, ref, alt
        column = self._known.get(key)
        if column is None:
            if not position.isdigit() or len(position) > 10 or not chromosome or not line.isascii():
                return False
            allele = Allele(
                plain_chromosome(chromosome.decode(), human=self._human), int(position), ref.decode(), alt.decode()
            )
            name = f"{allele.chromosome}:{allele.position}:{allele.ref}:{allele.alt}"
            column = self._known[key] = self._stack.column_of(name, allele)
        self.columns.append(column)
        self.calls.append(copies)
        return True


_PASSED_ONLY = SiteFilter(passed_only=True)


@contextlib.contextmanager
def _same_words_once() -> Iterator[None]:
    """Show what is said of many files alike for the first of them alone, and then of how many more it was said."""
    said: Counter[tuple[str, int, int]] = Counter()

    def is_among_first(record: logging.LogRecord) -> bool:
        key = record.name, record.lineno, record.levelno
        said[key] += 1
        return said[key] <= _SHOWN

    loggers = [logging.getLogger(name) for name in _TELLING]
    for each in loggers:
        each.addFilter(is_among_first)
    try:
        yield
    finally:
        for each in loggers:
            each.removeFilter(is_among_first)
    more = max((number for (_, _, level), number in said.items() if level >= logging.WARNING), default=0) - _SHOWN
    if more > 0:
        logger.warning("genotypes: messages of this kind are left out for %s.", count(more, "further file"))

"""Cells that are calls in words, as people write them: A/G, 0/1, *1/*4, wild type, +, yes, PM -> Genotypes."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.conversion.features import describe_features
from drugresponse.data.conversion.genotypes import as_float32
from drugresponse.data.conversion.numbers import is_number, to_numbers
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, count, quoted, show_ids
from drugresponse.readers.star_alleles.reader import genotypes_of_diplotypes

__all__ = ["advice_on_calls", "genotypes_in_words", "is_call", "is_uncalled"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_NUMBERS, _INDEXES, _LETTERS, _STARS, _WORDS = "numbers", "indexes", "letters", "star alleles", "words"
_ZYGOSITY, _PRESENCE, _PHENOTYPES = "zygosity", "present or absent", "metabolizer phenotypes"
_COPIES_OF = MappingProxyType(
    {
        **dict.fromkeys(("wt", "wild type", "wildtype", "ref", "reference", "wt/wt", "ref/ref", "hom ref", "homref",
                         "hom wt", "homozygous ref", "homozygous reference", "homozygous wild type"), 0.0),
        **dict.fromkeys(("het", "hetero", "heterozygous", "heterozygote", "wt/mut", "mut/wt", "ref/alt", "alt/ref",
                         "het alt"), 1.0),
        **dict.fromkeys(("hom alt", "homalt", "hom var", "homvar", "hom mut", "mut/mut", "alt/alt",
                         "homozygous alt", "homozygous alternate", "homozygous variant", "homozygous mutant"), 2.0),
    }
)  # fmt: skip
"""Copies of the alternate, by words without regard to case and marks between them."""
_HOMOZYGOUS = frozenset({"hom", "homo", "homozygous", "homozygote"})
"""Which are those of the alternate beside a word for the reference alone."""
_UNCALLED = frozenset({"./.", ".|.", "--", "-/-", "00", "nn", "n/n", "nc", "nt", "no call", "nocall",
                       "not called", "failed", "undetermined", "unknown", "not tested", "not done"})  # fmt: skip
_UNMUTATED = frozenset({"wt", "wild type", "wildtype", "wild-type", "unmutated", "not mutated", "non-mutated",
                        "negative", "neg", "not detected", "undetected"})  # fmt: skip
_MINUS = ("-", "\N{MINUS SIGN}", "\N{EN DASH}")
_PRESENT = frozenset({"+", "yes", "y", "true", "present", "carrier"})
_ABSENT = frozenset({*_MINUS, "no", "n", "false", "absent", "not present", "non-carrier", "noncarrier", "non carrier"})
_BARE = MappingProxyType({**dict.fromkeys(_MINUS, "+"), "n": "y"})
"""Signs of what is absent, where their counterpart stands in the table; without it they may as well be missing."""
_SIGNED_ALLELES = re.compile(rf"[{''.join(_MINUS)}+]\s*[/|]\s*[{''.join(_MINUS)}+]")
"""Of which `+` is the wild type in mice, and the variant elsewhere."""
_OF_AN_ARRAY = re.compile(r"[AB]\s*[/|]?\s*[AB]|NC|--")
_PHENOTYPE = r"(?i:[pineru]m|[\w -]+ (?:metaboli[sz]er|function))"
_MUTATED = frozenset({"mut", "mutant", "mutated", "mutation", "positive", "pos", "detected"})
_CHANGE = r"(?:p\.)?\(?[A-Z]\d+(?:[A-Z*]|fs\S*|del|dup|ins\S*|_\S+)\)?"
_ALLELE = r"[ACGTacgt]+|[IDid]|(?i:del|ins)"
_TWO_ALLELES = re.compile(rf"({_ALLELE})\s*[/|]\s*({_ALLELE})|([ACGTacgt])([ACGTacgt])|([ID])([ID])")
_TWO_INDEXES = re.compile(r"(\d)[/|](\d)")
_NO_ALLELES = "0/0"
"""Beside letters: PLINK's 0 is no allele."""
_FORMS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        _INDEXES: _TWO_INDEXES,
        _LETTERS: re.compile(f"{_TWO_ALLELES.pattern}|{_NO_ALLELES}"),
        _STARS: re.compile(r".*\*\s?\d.*"),
        _WORDS: re.compile(f"(?i:{'|'.join(map(re.escape, sorted(_UNMUTATED | _MUTATED)))})|{_CHANGE}"),
        _ZYGOSITY: re.compile(
            "(?i:"
            + "|".join(re.escape(word).replace(r"\ ", "[-_ ]") for word in sorted({*_COPIES_OF, *_HOMOZYGOUS}))
            + ")"
        ),
        _PRESENCE: re.compile(f"(?i:{'|'.join(map(re.escape, sorted(_PRESENT | _ABSENT)))})"),
        _PHENOTYPES: re.compile(_PHENOTYPE),
    }
)
"""In the order in which a column is tried."""
_OF_A_GENE = re.compile(
    r"[\s_]*(?:genotypes?|diplotypes?|star[\s_]alleles?|alleles?|phenotypes?|metaboli[sz]er(?:[\s_](?:status|type))?)$",
    re.IGNORECASE,
)


def is_call(cell: str) -> bool:
    """Whether a cell is a call in words.

    Examples
    --------
    >>> [cell for cell in ("AG", "C/T", "0/1", "*1/*4", "wt", "G12D", "het", "0.5", "liver", "AB") if is_call(cell)]
    ['AG', 'C/T', '0/1', '*1/*4', 'wt', 'G12D', 'het']
    """
    return not is_uncalled(cell) and any(form.fullmatch(cell.strip()) for form in _FORMS.values())


def is_uncalled(cell: str) -> bool:
    """Whether a cell says that there is no call, as it is written beside calls.

    Examples
    --------
    >>> is_uncalled("./."), is_uncalled(" Not tested"), is_uncalled("0/0")
    (True, True, False)
    """
    return cell.strip().lower() in _UNCALLED


def advice_on_calls(cells: Iterable[str]) -> str:
    """What to write in place of calls that do not tell which allele is the reference; "" of other cells.

    Examples
    --------
    >>> advice_on_calls(["+/+", "+/-"])[:17], advice_on_calls(["liver"])
    ('Which allele + is', '')
    """
    words = {cell.strip() for cell in cells if not is_missing(cell)}
    if words and all(map(_SIGNED_ALLELES.fullmatch, words)):
        what = "Which allele + is, is not told (it is the wild type in mice, and the variant elsewhere)"
    elif words and all(map(_OF_AN_ARRAY.fullmatch, words)):
        what = "Which of the alleles A and B of an array is the reference, is not told"
    else:
        return ""
    return f"{what}: write wt, het and hom, or copies of the alternate allele (0, 1 or 2)."


def genotypes_in_words(
    samples: Sequence[str],
    features: Sequence[str],
    cells: NDArray[np.object_],
    *,
    where: str,
    table: pd.DataFrame | None = None,
    kind: str | None = None,
    known_features: pd.DataFrame | None = None,
) -> Genotypes:
    """Genotypes of a table whose columns are calls in words, star alleles or numbers, each column of one kind.

    Parameters
    ----------
    samples, features
        Ids of its rows and columns.
    cells
        `(n_samples, n_features)` text.
    where
        Name of the file.
    table, kind
        As for `describe_features`.
    known_features
        Rows of `features` that a trained model holds: of letters, its alternate allele is counted.

    Returns
    -------
    Genotypes
        Letters count copies of the rarer allele of the file (kind `dosage`, with `ref` and `alt`, by which a model
        turns them where its own are the other way round); indexes such as 0/1 count what is not 0; star alleles are as
        `read_star_alleles` makes them; wild type is 0 and what else is called 1 (kind `altered`), or 1
        and 2 copies where it is called heterozygous and homozygous.

    Raises
    ------
    InputError
        A column holds something else, or calls of several kinds, or more than two alleles.

    Examples
    --------
    >>> cells = np.array([["A/G", "*1/*4", "wt"], ["A/A", "*1/*1", "G12D"], ["./.", "*4/*4", ""]], dtype=object)
    >>> genotypes = genotypes_in_words(["s1", "s2", "s3"], ["rs1", "CYP2D6", "KRAS"], cells, where="panel.xlsx")
    >>> pd.DataFrame(genotypes.dense(), columns=genotypes.features.index).to_dict("list")
    {'KRAS': [0.0, 1.0, nan], 'rs1': [1.0, 0.0, nan], 'CYP2D6*4': [1.0, 0.0, 2.0]}
    """
    written = {cell.strip().lower() for cell in set(cells.ravel())}
    columns = [
        _Column.of(name, _without_bare_signs(cells[:, at], written), samples, where) for at, name in enumerate(features)
    ]
    of_form = {form: [column for column in columns if column.form == form] for form in (_NUMBERS, *_FORMS)}
    parts = [
        _one_feature_each(some, form, samples, table, kind, known_features, where)
        for form, some in of_form.items()
        if some and form not in (_STARS, _PHENOTYPES)
    ]
    if of_form[_STARS] or of_form[_PHENOTYPES]:
        diplotypes, phenotypes = (
            {_OF_A_GENE.sub("", column.name): column.words for column in of_form[form]}
            for form in (_STARS, _PHENOTYPES)
        )
        called = genotypes_of_diplotypes(diplotypes, samples, where, known_features, phenotypes=phenotypes)
        parts += [] if called is None else [called]
    if not parts:
        raise InputError(f"{where}: found no call other than the reference (expected genotypes). Check the file.")
    said = (
        f"{form} in {count(len(some), 'column')} ({show_ids([column.name for column in some])})"
        for form, some in of_form.items()
        if some
    )
    logger.info("%s: read as calls in words: %s.", where, ", ".join(said))
    if of_form[_PRESENCE]:
        shown, minus = show_ids([column.name for column in of_form[_PRESENCE]]), ' ("-" too, beside "+")'
        progress.info("%s: read as present or absent%s: %s.", where, minus if "+" in written else "", shown)
    return Genotypes.join(parts)


@dataclass(frozen=True)
class _Column:
    """A column of calls: its words, "" where there is none, and the form of all of them."""

    name: str
    words: list[str]
    form: str

    @classmethod
    def of(cls, name: str, cells: Iterable[str], samples: Sequence[str], where: str) -> _Column:
        texts = ["" if is_missing(cell) else cell.strip() for cell in cells]
        words = ["" if is_uncalled(text) else text for text in texts]
        called = [word for word in words if word]
        if all(map(is_number, called)):
            return cls(name, texts if called else words, _NUMBERS)  # beside numbers a word is a slip, and refused
        for form, pattern in _FORMS.items():
            if all(map(pattern.fullmatch, called)):
                return cls(name, words, form)
        first = next(form for form in _FORMS if any(map(_FORMS[form].fullmatch, called)))
        strange = next(at for at, word in enumerate(words) if word and not _FORMS[first].fullmatch(word))
        raise InputError(
            f'{where}, column "{name}", sample "{samples[strange]}": found {quoted(words[strange])} beside {first} '
            "(expected calls of one kind in a column). Correct it, or leave the cell empty."
        )


def _without_bare_signs(cells: Iterable[str], written: Collection[str]) -> list[str]:
    """The cells of a column with "-" as absent where "+" stands in the table and the column holds no other calls."""
    texts = [cell.strip() for cell in cells]
    there = {text.lower() for text in texts}
    others = {text for text in there - _BARE.keys() if not (is_missing(text) or is_uncalled(text))}
    is_of_signs = others <= _PRESENT | _ABSENT
    word_of = {
        sign: "absent" if is_of_signs and counterpart in written else sign if sign.isalpha() else ""
        for sign, counterpart in _BARE.items()
    }
    return [word_of.get(text.lower(), text) for text in texts]


def _one_feature_each(
    columns: Sequence[_Column],
    form: str,
    samples: Sequence[str],
    table: pd.DataFrame | None,
    kind: str | None,
    known_features: pd.DataFrame | None,
    where: str,
) -> Genotypes:
    """Genotypes of columns of one form, each of which is a feature."""
    names, alleles = [column.name for column in columns], None
    if form == _LETTERS:
        alleles = [_alleles(column, (table, known_features), where) for column in columns]
        counted = [_copies(column, alternate) for column, (_, alternate) in zip(columns, alleles, strict=True)]
    elif form == _INDEXES:
        counted = [_copies_of_alternates(column, where) for column in columns]
    elif form == _ZYGOSITY:
        counted = [_copies_by_zygosity(column, known_features, where) for column in columns]
    elif form == _WORDS:
        counted = [[_altered(word) for word in column.words] for column in columns]
    elif form == _PRESENCE:
        counted = [_present(column, where) for column in columns]
    else:
        numbers = [pd.Series(column.words, name=column.name, dtype=object) for column in columns]
        counted = [to_numbers(column, where=where).tolist() for column in numbers]
    values = as_float32(np.array(counted, dtype=np.float64).T)
    described = table if table is None or table.index.isin(names).any() else None
    kind = {_NUMBERS: kind, _WORDS: "altered", _PRESENCE: "altered"}.get(form, "dosage")
    rows = describe_features(names, values, table=described, kind=kind, where=where)
    if alleles is not None:
        rows = rows.assign(**dict(zip(("ref", "alt"), map(list, zip(*alleles, strict=True)), strict=True)))
    return Genotypes.build(values, samples, rows)


def _pair(word: str) -> tuple[str, ...]:
    """The two alleles of a call in letters; none of 0/0."""
    match = _TWO_ALLELES.fullmatch(word)
    written = [part.upper() for part in match.groups() if part] if match else []
    return tuple({"DEL": "D", "INS": "I"}.get(allele, allele) for allele in written)


def _alleles(column: _Column, tables: Sequence[pd.DataFrame | None], where: str) -> tuple[str, str]:
    """Reference and alternate as tables of features have them, else the more and the less frequent of the file."""
    counts = Counter(allele for word in column.words for allele in _pair(word))
    for table in tables:
        if table is not None and column.name in table.index and {"ref", "alt"} <= {*table}:
            reference, alternate = (str(table.loc[[column.name], name].iloc[0]).upper() for name in ("ref", "alt"))
            if {*counts} <= {reference, alternate}:
                return reference, alternate
    if len(counts) > 2:
        raise InputError(
            f'{where}, column "{column.name}": found the alleles {show_ids(sorted(counts))} (expected two). Give a '
            "column for each alternate allele with its copies (0, 1 or 2), or VCF."
        )
    ordered = sorted(counts, key=lambda allele: (-counts[allele], allele))
    if len(ordered) < 2:
        logger.warning(
            f'{where}, column "{column.name}": everybody has {ordered[0] if ordered else "no allele"}, so that which '
            "allele is counted is not told; it counts as missing."
        )
        return (ordered or [""])[0], ""
    return ordered[0], ordered[1]


def _copies(column: _Column, alternate: str) -> list[float]:
    pairs = map(_pair, column.words)
    return [float(pair.count(alternate)) if pair and alternate else np.nan for pair in pairs]


def _copies_of_alternates(column: _Column, where: str) -> list[float]:
    pairs = [match.groups() if (match := _TWO_INDEXES.fullmatch(word)) else () for word in column.words]
    if {allele for pair in pairs for allele in pair} - {"0", "1"}:
        raise InputError(
            f'{where}, column "{column.name}": found more than one alternate allele (expected 0/0, 0/1 and 1/1). Give '
            "a column for each with its copies (0, 1 or 2), or VCF."
        )
    return [float(pair.count("1")) if pair else np.nan for pair in pairs]


def _copies_by_zygosity(column: _Column, known_features: pd.DataFrame | None, where: str) -> list[float]:
    words = [re.sub(r"[-_ ]+", " ", word.lower()) for word in column.words]
    kinds = {_COPIES_OF[word] for word in words if word in _COPIES_OF}
    is_known = known_features is not None and column.name in known_features.index
    if not _HOMOZYGOUS.isdisjoint(words) and (2.0 in kinds or not (0.0 in kinds or is_known)):
        strange = next(word for word, plain in zip(column.words, words, strict=True) if plain in _HOMOZYGOUS)
        raise InputError(
            f'{where}, column "{column.name}": found {quoted(strange)}, which does not tell whether the reference or '
            "the alternate is meant (expected hom-ref and hom-alt, or wt, het and hom). Write which it is, or copies "
            "of the alternate allele (0, 1 or 2)."
        )
    return [2.0 if word in _HOMOZYGOUS else _COPIES_OF.get(word, np.nan) for word in words]


def _altered(word: str) -> float:
    return float(word.lower() not in _UNMUTATED) if word else np.nan


def _present(column: _Column, where: str) -> list[float]:
    words = [word.lower() for word in column.words]
    if "n" in words:
        raise InputError(
            f'{where}, column "{column.name}": found "N" where no cell of the table is "Y", so that it may be no, or '
            "not known (expected both). Write no, or leave the cell empty."
        )
    return [float(word in _PRESENT) if word else np.nan for word in words]

"""What can go wrong, in words: every message says where, what was found, and what to do."""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Iterable
from types import ModuleType

__all__ = [
    "TWO_RESPONSES",
    "DrugResponseError",
    "InputError",
    "InstallationError",
    "MemoryLimitError",
    "MissingDependencyError",
    "ModelFileError",
    "count",
    "nearest",
    "number_advice",
    "one_line",
    "quoted",
    "require",
    "show_ids",
]

_LONGEST_WORD = 400
"""Longer than paths and names; a damaged file can have a name of megabytes."""

_CLASS = r"[(\[]?(?-i:S|I|R|SDD|NS)[)\]]?"
_LIMIT = r"[<>=\u2264\u2265]*\s*\d[\d.,]*"
TWO_RESPONSES = "A number and its class are two responses: write one of them alone, such as <=0.25, or R."
_ADVICE = {
    rf"{_LIMIT}\s*/?\s*{_CLASS}|{_CLASS}\s*[:/]?\s*[(\[]?{_LIMIT}[)\]]?": TWO_RESPONSES,
    r"[<>\u2264\u2265]=?\s*[\d.,]+": 'Write the limit alone, and "left" or "right" in a column "censor".',
    r"[-+]?[\d.]*,\d+": "Write decimals with a point.",
    r"[-+\d.,]+\s*%": "Write the number alone, without the percent sign.",
    r"[-+\d.,]+(e[-+]?\d+)?\s*[a-z\u00b5\u03bc][\w/ ]*": "Write the number alone, and all in one unit.",
    r"[-+\d.,]+\s*(\u00b1|\+/-).*": "Write the number alone, without its error.",
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T].*)?": "It looks like a date; choose the column of the numbers.",
}
"""What cells that are no numbers look like, and what to do."""


class DrugResponseError(Exception):
    """Root of all errors raised on purpose; `exit_code` is what the command line ends with.

    Examples
    --------
    >>> [error.exit_code for error in (InputError, ModelFileError, MemoryLimitError)]
    [2, 3, 4]
    """

    exit_code = 70


class InputError(DrugResponseError, ValueError):
    """The input is wrong: a file, a column, an id or an option.

    Examples
    --------
    >>> import drugresponse as dr
    >>> try:
    ...     dr.read_genotypes("no-such.vcf")
    ... except dr.InputError as error:
    ...     print(error)
    no-such.vcf: found no such file. Check the path.
    """

    exit_code = 2


class ModelFileError(DrugResponseError, ValueError):
    """A model file is foreign, truncated, damaged or written in a newer format.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import drugresponse as dr
    >>> file = Path(tempfile.mkdtemp(), "model.safetensors")
    >>> _ = file.write_bytes(b"no model")
    >>> try:
    ...     dr.load_model(file)
    ... except dr.ModelFileError as error:
    ...     print(error.exit_code)
    3
    """

    exit_code = 3


class MemoryLimitError(DrugResponseError, MemoryError):
    """The work would not fit into the memory that was granted."""

    exit_code = 4


class InstallationError(DrugResponseError):
    """What is installed here does not compute what is known to come out."""

    exit_code = 5


class MissingDependencyError(DrugResponseError, ImportError):
    """A package that this one feature needs is not installed."""

    exit_code = 2


def require(package: str, purpose: str, extra: str | None = None) -> ModuleType:
    """Import an optional package, or say which one to install and why.

    Parameters
    ----------
    package
        Name to import.
    purpose
        What it is needed for, as the end of "... is needed to".
    extra
        Extra of `drugresponse` that installs it, when there is one.

    Raises
    ------
    MissingDependencyError
        The package cannot be imported.

    Examples
    --------
    >>> require("json", "read JSON").__name__
    'json'
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        what = f"drugresponse[{extra}]" if extra else package
        raise MissingDependencyError(
            f"The package {package!r} is needed to {purpose} and is not installed. "
            f"Install it with: pip install '{what}'"
        ) from error


def count(n: int, thing: str) -> str:
    """A number of things, in words.

    Parameters
    ----------
    n
        How many.
    thing
        What one of them is called; more of them are called so with an s, or with ies in place of a y.

    Examples
    --------
    >>> count(1, "sample"), count(1234, "tested pair"), count(0, "drug"), count(2, "study")
    ('1 sample', '1,234 tested pairs', '0 drugs', '2 studies')
    """
    several = f"{thing[:-1]}ies" if thing.endswith("y") and thing[-2:-1] not in "aeiou" else f"{thing}s"
    return f"{n:,} {thing if n == 1 else several}"


def nearest(word: str, choices: Iterable[str]) -> str:
    """Answer a misspelt choice with the one that was probably meant and the list of all.

    Examples
    --------
    >>> nearest("boosted_tree", ["ridge", "boosted-trees"])
    'Did you mean "boosted-trees"? Choose from: boosted-trees, ridge.'
    """
    ordered = sorted(choices)
    folded = {choice.lower(): choice for choice in ordered}
    close = difflib.get_close_matches(word.lower(), folded, n=1, cutoff=0.5)
    hint = f'Did you mean "{folded[close[0]]}"? ' if close else ""
    return f"{hint}Choose from: {', '.join(ordered)}."


def number_advice(cell: str) -> str:
    """What to do about a cell that is no number.

    Examples
    --------
    >>> number_advice("<=0.5"), number_advice("12 %"), number_advice("low")
    ('Write the limit alone, and "left" or "right" in a column "censor".', 'Write the number alone, without the \
percent sign.', 'Leave the cell empty for missing values.')
    """
    text = cell.strip()
    for pattern, advice in _ADVICE.items():
        if re.fullmatch(pattern, text, re.IGNORECASE):
            return advice
    return "Leave the cell empty for missing values."


def one_line(said: object) -> str:
    r"""What is said, on one line, words beyond any length cut; of an error without words, its kind.

    Signs that cannot be seen, or that would move a terminal's cursor, are written out.

    Examples
    --------
    >>> one_line("a   table of text"), one_line(KeyError())
    ('a table of text', 'KeyError')
    >>> len(one_line("a name of " + "[" * 200_000))
    410
    >>> print(one_line("min\ufeffimum"))
    min\ufeffimum
    """
    words = (word if len(word) <= _LONGEST_WORD else f"{word[: _LONGEST_WORD - 3]}..." for word in str(said).split())
    return _visible(" ".join(words)) or (type(said).__name__ if isinstance(said, Exception) else "")


def quoted(text: object, longest: int = 80) -> str:
    r"""A text, or bytes that should be one, between quotes, cut, in which signs that cannot be seen are written out.

    Examples
    --------
    >>> print(quoted("MCF\x00"), quoted("aspirin", 6))
    "MCF\x00" "asp..."
    """
    shown = text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else str(text)
    shown = shown if len(shown) <= longest else f"{shown[: longest - 3]}..."
    return f'"{_visible(shown)}"'


def _visible(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def show_ids(ids: Iterable[object], limit: int = 3) -> str:
    """The first few ids, quoted and cut to 80 characters, and how many more there are.

    Examples
    --------
    >>> show_ids(["a", "b", "c", "d"])
    '"a", "b", "c" and 1 more'
    """
    listed = list(ids)
    more = f" and {len(listed) - limit} more" if len(listed) > limit else ""
    return ", ".join(map(quoted, listed[:limit])) + more

"""What a notebook shows where a cell ends with an object of ours: a few lines of text, or a small table."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["Shown", "first_few"]

_MOST_FACTS, _WIDTH = 10, 100
# style sheets of notebooks and sites give captions a colour that is too pale on their dark ground
_CAPTION = '<caption style="text-align:left;font-weight:bold;color:inherit">{}</caption>'
_TABLE = f'<table style="text-align:left">{_CAPTION}{{}}</table>'
_ROW = '<tr><th scope="row" style="text-align:left">{}</th><td style="text-align:left">{}</td></tr>'


class Shown:
    """Base of what is shown by its size and its parts instead of by all its values.

    A class that says more than what its fields hold has a `_headline` or `_facts` of its own. A dataclass is declared
    with `repr=False`, or it would show itself in its own way.

    Examples
    --------
    >>> @dataclasses.dataclass(repr=False)
    ... class Fits(Shown):
    ...     drug_ids: list[str]
    ...     measure: str
    >>> Fits(["D1", "D2"], "auc")
    Fits
        drug_ids: 2 (D1, D2)
        measure: auc
    """

    def _headline(self) -> str:
        """What it is and how large, in a line."""
        return type(self).__name__

    def _facts(self) -> dict[str, str]:
        """What is in it, by the name under which it is to be had: that of a field, unless it is told in other words."""
        names: list[str] = [field.name for field in dataclasses.fields(self)] if dataclasses.is_dataclass(self) else []
        return {name: _words(getattr(self, name)) for name in names}

    def __repr__(self) -> str:
        lines = [_cut(f"    {name}: {words}") for name, words in _few(self._facts())]
        return "\n".join([_cut(self._headline()), *lines])

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": self._repr_html_()}

    def _repr_html_(self) -> str:
        rows = "".join(_ROW.format(html.escape(name), html.escape(_cut(words))) for name, words in _few(self._facts()))
        return _TABLE.format(html.escape(_cut(self._headline())), rows)


def first_few(names: Iterable[Any], n_names: int) -> str:
    """How many there are, and the first.

    Examples
    --------
    >>> first_few(["s1", "s2", "s3", "s4"], 4), first_few([], 0)
    ('4 (s1, s2, s3, …)', '0')
    """
    first = [str(name) for name, _ in zip(names, range(3), strict=False)]
    return f"{n_names:,} ({', '.join([*first, *(['…'] if n_names > len(first) else [])])})" if n_names else "0"


def _few(facts: Mapping[str, str]) -> list[tuple[str, str]]:
    listed = [(name, " ".join(words.split())) for name, words in facts.items() if words]
    more = listed[_MOST_FACTS:]
    return listed if not more else [*listed[:_MOST_FACTS], ("and", ", ".join(name for name, _ in more))]


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1] + "…"


def _words(value: Any) -> str:
    """A value in a few words; none for what is not there."""
    if value is None or (isinstance(value, Sequence | Mapping) and not len(value)):
        return ""
    if isinstance(value, Shown):
        return repr(value).partition("\n")[0].removeprefix(f"{type(value).__name__}: ")
    if isinstance(value, str | bool | int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return first_few(value, len(value))
    if hasattr(value, "columns") and hasattr(value, "index"):
        return f"{len(value):,} x {len(value.columns)}: {', '.join(map(str, value.columns))}" if len(value) else ""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{' x '.join(f'{size:,}' for size in value.shape)} {value.dtype}"
    if isinstance(value, Sequence) and all(isinstance(part, str | int | float) for part in value):
        return first_few(map(_words, value), len(value))
    if isinstance(value, Sequence):
        return f"{len(value):,} {type(value[0]).__name__}{'s' * (len(value) > 1)}"
    if dataclasses.is_dataclass(value):
        parts = ((field.name, _words(getattr(value, field.name))) for field in dataclasses.fields(value) if field.repr)
        return ", ".join(f"{name} {words}" for name, words in parts if words) or type(value).__name__
    shown = str(value)
    return shown if len(shown) < _WIDTH and " at 0x" not in shown else type(value).__name__

"""JSON of programs of resistance: whole, parsed, and checked for what it must hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from drugresponse.errors import InputError, quoted
from drugresponse.readers.source.source import Source
from drugresponse.readers.text.encoding import decoded

__all__ = ["list_of", "objects_of", "text_of"]


def objects_of(source: Source) -> list[Mapping[str, Any]]:
    r"""The objects of a JSON file: one, a list of them, or one a line.

    Raises
    ------
    InputError
        As `Source.unpacked_bytes`; or it is no JSON, ends early, or holds something else than objects.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "results.json")
    ...     _ = file.write_text('{"id": "S1"}\n{"id": "S2"}\n')
    ...     objects_of(Source(file))
    [{'id': 'S1'}, {'id': 'S2'}]
    """
    where = source.name
    text = decoded(source.unpacked_bytes(), where)
    decoder = json.JSONDecoder()
    values: list[Any] = []
    at = _after_blanks(text, 0)
    try:
        while at < len(text):
            value, at = decoder.raw_decode(text, at)
            values.append(value)
            at = _after_blanks(text, at)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{where}, line {error.lineno}: the JSON is damaged or ends early ({error.msg}). Copy the file again."
        ) from error
    except RecursionError as error:
        raise InputError(f"{where}: the JSON is nested too deep (expected results of samples). Check it.") from error
    objects = [each for value in values for each in (value if isinstance(value, list) else [value])]
    strange = next((each for each in objects if not isinstance(each, dict)), None)
    if strange is not None or not objects:
        found = "nothing" if not objects else quoted(json.dumps(strange), 30)
        raise InputError(f"{where}: found {found} in the JSON (expected an object a sample). Give what was written.")
    return objects


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def list_of(parent: Mapping[str, Any], name: str, place: str) -> list[Mapping[str, Any]]:
    """The objects of a field, none where it is absent or null.

    Raises
    ------
    InputError
        It is no list of objects.

    Examples
    --------
    >>> list_of({"mutations": [{"position": 184}]}, "mutations", "S1"), list_of({}, "mutations", "S1")
    ([{'position': 184}], [])
    """
    value = parent.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise InputError(f'{place}: "{name}" is no list of objects (expected one). Give the file as it was written.')
    return value


def text_of(parent: Mapping[str, Any], *names: str) -> str:
    """The text of the first of these fields that is filled; "" where none is.

    Examples
    --------
    >>> text_of({"gene": None, "gene_name": "rpoB"}, "gene", "gene_name"), text_of({}, "gene")
    ('rpoB', '')
    """
    for name in names:
        value = parent.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value).strip()
    return ""

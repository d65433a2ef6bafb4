"""The files that a command reads: which they are, and pipes among them as files that can be read again."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from drugresponse.errors import InputError
from drugresponse.hidden_folders import HiddenFolder
from drugresponse.settings.option import Settings, SomeSettings, parameters_of

__all__ = ["input_files", "input_names", "pipes_as_files"]

_INDEXES = (".tbi", ".csi")


def input_files(settings: Settings) -> list[Path]:
    """Every file that a command reads, with those that belong to it, such as the three of a PLINK fileset.

    Examples
    --------
    >>> from drugresponse.settings import PredictSettings
    >>> model, out = Path("m.safetensors"), Path("out.tsv")
    >>> files = input_files(PredictSettings(model=model, genotypes=[Path("a.vcf.gz")], predictions=out))
    >>> [str(file) for file in files]
    ['m.safetensors', 'a.vcf.gz', 'a.vcf.gz.tbi', 'a.vcf.gz.csi']
    """
    from drugresponse.readers.recognition import genotype_source_files
    from drugresponse.readers.source.source import Source

    files: list[Path] = []
    for name, given in _inputs(settings):
        path = Source(given).path  # without the sheet of a workbook
        if name == "genotypes":
            files += genotype_source_files(path)
            files += [Path(f"{path}{suffix}") for suffix in _INDEXES]
        else:
            files.append(path)
    return files


def input_names(settings: Settings) -> list[str]:
    """Names of the files that a command is given, for the foot of its page.

    Examples
    --------
    >>> from drugresponse.settings import PredictSettings
    >>> input_names(PredictSettings(model=Path("x/m.safetensors"), genotypes=[Path("a.vcf")], predictions=Path("p")))
    ['m.safetensors', 'a.vcf']
    """
    return list(dict.fromkeys(path.name for _, path in _inputs(settings)))


@contextmanager
def pipes_as_files(settings: SomeSettings) -> Iterator[SomeSettings]:
    """Settings in which what can be read only once, such as `/dev/stdin` or `<(zcat a.gz)`, is a temporary file.

    Raises
    ------
    InputError
        A pipe stands in two places, or brings PLINK's calls without their samples; or an input is a device.
    """
    copies: dict[str, Any] = {}
    read: dict[tuple[int, int], str] = {}
    from drugresponse.readers.source.block_names import parted_block

    scratch = HiddenFolder(Path(tempfile.gettempdir()))
    try:
        for name, path in _inputs(settings):
            block, file = parted_block(path)
            pipe = _which_pipe(name, file)
            if pipe is None:
                continue
            if pipe in read:
                raise InputError(
                    f'{name}: "{path}" is a pipe, and was read for {read[pipe]} (expected a file of its own). '
                    "Write it to a file first."
                )
            read[pipe] = name
            if name == "config":
                continue  # which was read to know the settings
            if not scratch.path.is_dir():
                scratch.make()
            copy = _copy(file, scratch.path / str(len(read)), name)
            copy = Path(f"{block}={copy}") if block else copy
            before = copies.get(name, getattr(settings, name))
            copies[name] = [copy if each == path else each for each in before] if isinstance(before, list) else copy
        yield replace(settings, **copies)
    finally:
        scratch.remove()


def _inputs(settings: Settings) -> list[tuple[str, Path]]:
    """Every input that is given, by the name of its option."""
    paths = []
    for parameter in parameters_of(type(settings)):
        value = getattr(settings, parameter.name) if parameter.type == "input" else None
        paths += [(parameter.name, path) for path in (value if isinstance(value, list) else [value]) if path]
    return paths


def _which_pipe(name: str, path: Path) -> tuple[int, int] | None:
    """What tells one pipe from another, None for a file or what is not there; other devices are refused."""
    try:
        about = path.stat()
    except OSError:
        return None  # whose reader says what is wrong
    if stat.S_ISFIFO(about.st_mode) or stat.S_ISSOCK(about.st_mode) or _is_terminal(path):
        return about.st_dev, about.st_ino
    if stat.S_ISCHR(about.st_mode) or stat.S_ISBLK(about.st_mode):
        raise InputError(f'{name}: "{path}" is a device (expected a file). Name a file.')
    return None


def _is_terminal(path: Path) -> bool:
    return os.path.realpath(path).startswith(("/dev/tty", "/dev/pts/", "/dev/console"))


def _copy(path: Path, folder: Path, name: str) -> Path:
    """The bytes of a pipe as a file, under its name: messages bear it."""
    from drugresponse.readers.source.source import Source

    folder.mkdir()
    copy = folder / (path.name if not path.name.isdigit() else f"pipe-{path.name}")
    try:
        with path.open("rb") as pipe, copy.open("wb") as file:
            shutil.copyfileobj(pipe, file)
    except OSError as error:
        raise InputError(f'{name}: "{path}" cannot be read into a file ({error.strerror}). Give a file.') from error
    if copy.stat().st_size and Source(copy).content == "plink":
        raise InputError(
            f'{name}: "{path}" is a pipe with PLINK calls (expected a file: variants and samples stand beside it). '
            "Give the .bed or .pgen file."
        )
    return copy

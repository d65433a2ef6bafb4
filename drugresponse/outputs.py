"""Outputs that appear whole or not at all, and the one way in which tables are written."""

from __future__ import annotations

import csv
import errno
import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import pandas as pd

from drugresponse.errors import InputError, show_ids
from drugresponse.hidden_folders import HiddenFolder

__all__ = ["output_files", "protected_inputs", "write_table"]

AnyPath = str | os.PathLike[str]

_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


_PROTECTED: ContextVar[tuple[Path, ...]] = ContextVar("_PROTECTED", default=())


@dataclass(frozen=True)
class _Output:
    """Where one output goes, and the temporary file that it is written to first."""

    name: str
    target: Path
    temporary: Path
    mode: int
    is_stream: bool

    def publish(self, published: dict[Path, int]) -> None:
        """Write the bytes through or rename the file, whose number is noted first: the renaming may be interrupted."""
        try:
            if self.is_stream:
                _copy_into(self.temporary, self.target)
            else:
                self.temporary.chmod(self.mode)
                published[self.target] = self.temporary.stat().st_ino
                self.temporary.replace(self.target)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise InputError(
                f'{self.name}: cannot write "{self.target}" ({error.strerror}). Name another output.'
            ) from error


@contextmanager
def protected_inputs(inputs: Iterable[AnyPath]) -> Iterator[None]:
    """Files that no output may replace as long as the block runs, whoever opens it.

    Examples
    --------
    >>> with protected_inputs(["run.yml"]), output_files({"model": "run.yml"}):
    ...     pass
    Traceback (most recent call last):
    drugresponse.errors.InputError: model: "run.yml" is also an input (expected a file of its own). Name another output.
    """
    before = _PROTECTED.set((*_PROTECTED.get(), *map(Path, inputs)))
    try:
        yield
    finally:
        _PROTECTED.reset(before)


@dataclass(frozen=True)
class _Folder:
    """Where a folder of outputs goes, and the temporary folder whose files are moved there."""

    name: str
    target: Path
    temporary: Path
    is_stream: ClassVar[bool] = False

    def publish(self, published: dict[Path, int]) -> None:
        """Rename the folder, or its files one by one into the one that is there; numbers are noted as for files."""
        try:
            if not self.target.is_dir():
                published[self.target] = self.temporary.stat().st_ino
                self.temporary.rename(self.target)
                return
        except OSError as error:
            raise InputError(
                f'{self.name}: cannot make the folder "{self.target}" ({error.strerror}). Name another output.'
            ) from error
        for file in sorted(self.temporary.iterdir()):
            target = self.target / file.name
            _refuse_clashes({self.name: target}, _PROTECTED.get())
            mode = stat.S_IMODE((target if target.is_file() else file).stat().st_mode)
            _Output(self.name, target, file, mode, is_stream=False).publish(published)


@contextmanager
def output_files(
    outputs: Mapping[str, AnyPath | None],
    *,
    folders: Mapping[str, AnyPath | None] = MappingProxyType({}),
    publish: bool = True,
) -> Iterator[dict[str, Path]]:
    """Temporary files to write to, renamed to their targets together when the block ends well.

    Each temporary file stands in a hidden folder beside its target and bears the same suffix. On any exception, an
    interrupt or an exit included, none of the outputs appears. A target that is a link stays one: the file that it
    points to is replaced. A target that is a device or a pipe (`/dev/stdout`) receives the bytes at the end. Hidden
    folders that killed runs left there are removed.

    Parameters
    ----------
    outputs
        Target path by name; an output that was not asked for (None) is left out. The name appears in errors.
    folders
        Target folders by name, for files whose names are not known yet; what else a folder holds already stays.
    publish
        Whether they appear at the end; otherwise it is only proved that they could.

    Yields
    ------
    dict
        Path of the temporary file or folder by name, which exists and is empty.

    Raises
    ------
    InputError
        The folder of a target does not exist or cannot be written to, a target is a folder or one of the
        `protected_inputs`, a target folder is a file or stands in no folder, or two outputs have the same path; or the
        disk is full.

    Examples
    --------
    >>> folder = Path(tempfile.mkdtemp())
    >>> with output_files({"model": folder / "a.txt", "report": None}) as temporary:
    ...     _ = temporary["model"].write_text("whole")
    >>> [file.name for file in folder.iterdir()], (folder / "a.txt").read_text()
    (['a.txt'], 'whole')
    """
    targets = {name: Path(path) for name, path in outputs.items() if path is not None}
    _refuse_unusable(targets)
    _refuse_clashes(targets, _PROTECTED.get())
    hidden: dict[Path, HiddenFolder] = {}
    published: dict[Path, int] = {}
    try:
        opened: list[_Output | _Folder] = [_open_beside(name, path, hidden) for name, path in targets.items()]
        opened += [_open_folder(name, Path(path), hidden) for name, path in folders.items() if path is not None]
        yield {output.name: output.temporary for output in opened}
        # streams first: a closed pipe must still be able to call off the renaming
        for output in sorted(opened, key=lambda output: not output.is_stream) if publish else ():
            output.publish(published)
    except BaseException as error:
        for target, number in published.items():
            with suppress(OSError):
                if target.stat().st_ino == number:
                    shutil.rmtree(target) if target.is_dir() else target.unlink()
        if isinstance(error, OSError) and error.errno in _CANNOT_WRITE:
            raise InputError(
                f"outputs: cannot be written ({error.strerror}). Free space, or choose another folder."
            ) from error
        raise
    finally:
        for folder in hidden.values():
            folder.remove()


def write_table(frame: pd.DataFrame, path: AnyPath) -> None:
    r"""Write a tab-separated table with a header; the same frame always gives the same bytes.

    Parameters
    ----------
    frame
        The index is written as first column when it has a name. Floats are written with 9 significant digits,
        missing cells are left empty, text is quoted only where it holds a tab, a quote or a line end.
    path
        File to write; its suffix has no meaning.

    Examples
    --------
    >>> path = Path(tempfile.mkdtemp()) / "table.tsv"
    >>> write_table(pd.DataFrame({"drug_id": ["a", "b"], "response": [0.1, float("nan")]}), path)
    >>> path.read_bytes()
    b'drug_id\tresponse\na\t0.1\nb\t\n'
    """
    frame.to_csv(
        path,
        sep="\t",
        index=frame.index.name is not None,
        float_format="%.9g",
        na_rep="",
        lineterminator="\n",
        quoting=csv.QUOTE_MINIMAL,
        encoding="utf-8",
        compression=None,
    )


def _refuse_unusable(outputs: Mapping[str, Path]) -> None:
    """Refuse what can never be written to, such as a loop of links or a name too long, before any work."""
    for name, path in outputs.items():
        try:
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            if _open_stream(path) is None:
                raise InputError(
                    f"{name}: cannot write to {show_ids([path])} ({error.strerror}). Name another output."
                ) from error


def _refuse_clashes(outputs: Mapping[str, Path], inputs: Iterable[Path]) -> None:
    files = {name: path for name, path in outputs.items() if not _is_stream(path)}
    for name, path in files.items():
        if any(_same_file(path, file) for file in inputs):
            raise InputError(f'{name}: "{path}" is also an input (expected a file of its own). Name another output.')
    for (other, file), (name, path) in combinations(files.items(), 2):
        if _same_file(path, file):
            raise InputError(f'{name}: "{path}" is also the output {other} (expected a file of its own). Name another.')


def _same_file(a: Path, b: Path) -> bool:
    if a.exists() and b.exists():
        return a.samefile(b)
    return os.path.realpath(a) == os.path.realpath(b)


def _is_stream(path: Path) -> bool:
    """Whether the bytes are written through: a device, a pipe, or an open stream by its number."""
    if _open_stream(path) is not None:
        return True
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _open_stream(path: Path) -> int | None:
    """The number of the open stream that a path such as `/dev/stdout` names."""
    stream = re.fullmatch(r"/dev/(stdout|stderr)|/(?:dev|proc/self)/fd/(\d+)", os.path.normpath(path))
    if stream is None:
        return None
    return {"stdout": 1, "stderr": 2}[stream[1]] if stream[1] else int(stream[2])


def _open_folder(name: str, path: Path, hidden: dict[Path, HiddenFolder]) -> _Folder:
    target = path.resolve()
    if target.is_file() or not target.parent.is_dir():
        raise InputError(f'{name}: "{path}" is no folder and cannot be made one. Name a folder whose parent exists.')
    # within the folder where there is one: it may be a file system of its own
    temporary = _hidden_folder(name, target if target.is_dir() else target.parent, hidden) / name
    temporary.mkdir()
    return _Folder(name, target, temporary)


def _hidden_folder(name: str, parent: Path, hidden: dict[Path, HiddenFolder]) -> Path:
    """The hidden folder of this run in a folder, made where there is none."""
    try:
        if parent not in hidden:
            HiddenFolder.remove_abandoned(parent)
            # noted before it exists, so that an interrupt in between finds it
            hidden[parent] = HiddenFolder(parent)
            hidden[parent].make()
    except OSError as error:
        raise InputError(
            f'{name}: cannot write into the folder "{parent}" ({error.strerror}). Choose another folder.'
        ) from error
    return hidden[parent].path


def _open_beside(name: str, path: Path, hidden: dict[Path, HiddenFolder]) -> _Output:
    if path.is_dir():
        raise InputError(f'{name}: "{path}" is a folder (expected a file name). Name a file in it.')
    is_stream = _is_stream(path)
    target = path if is_stream else path.resolve()
    parent = Path(tempfile.gettempdir()) if is_stream else target.parent
    if not parent.is_dir():
        raise InputError(
            f'{name}: the folder "{parent}" does not exist (expected a folder). Create it or correct the path.'
        )
    temporary = _hidden_folder(name, parent, hidden) / f"{name}{target.suffix}"
    try:
        # unlike the tempfile module, which makes files private, this leaves the mode to the umask
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        mode = stat.S_IMODE((target if target.is_file() and not is_stream else temporary).stat().st_mode)
    except OSError as error:
        raise InputError(
            f'{name}: cannot write into the folder "{parent}" ({error.strerror}). Choose another folder.'
        ) from error
    return _Output(name, target, temporary, mode, is_stream)


def _copy_into(source: Path, stream: Path) -> None:
    number = _open_stream(stream)
    if number is not None:
        # what was printed so far comes first; opening the path anew would start again at its beginning
        (sys.stderr if number == 2 else sys.stdout).flush()
    with source.open("rb") as read, stream.open("wb") if number is None else os.fdopen(os.dup(number), "wb") as write:
        shutil.copyfileobj(read, write)

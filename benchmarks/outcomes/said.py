"""What a model said of the held-out rows, in a form that references can give too, and where it is kept."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drugresponse.outputs import output_files

__all__ = ["Said", "SaidStore"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Said:
    """Of each row; None in kinds without.

    Attributes
    ----------
    shares
        `(n_rows, n_classes)` probability of each class.
    called
        `(n_rows,)` 1 where the event is called, at thresholds of the other folds.
    values
        `(n_rows,)` predicted value.
    losses
        `(n_rows,)` the proper loss, where the model has a distribution.
    ranks
        `(n_rows,)` greater where the event comes sooner.
    survival
        `(n_rows, 3)` to the stated times.
    """

    shares: Array | None = None
    called: Array | None = None
    values: Array | None = None
    losses: Array | None = None
    ranks: Array | None = None
    survival: Array | None = None


class SaidStore:
    """Finished models as files, so that a killed run goes on; `code` tells what made them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")

    def find(self, question: str, model: str, code: str) -> Said | None:
        path = self._path(question, model, code)
        if not path.is_file():
            return None
        with np.load(path, allow_pickle=False) as arrays:
            return Said(**{name: arrays[name] for name in arrays.files})

    def keep(self, question: str, model: str, code: str, said: Said) -> None:
        path = self._path(question, model, code)
        path.parent.mkdir(exist_ok=True)
        parts = {part.name: getattr(said, part.name) for part in fields(said)}
        with output_files({"said": path}) as temporary, temporary["said"].open("wb") as out:
            np.savez_compressed(out, **{name: part for name, part in parts.items() if part is not None})

    def _path(self, question: str, model: str, code: str) -> Path:
        return self.folder / question / f"{model.replace(' ', '_')}-{code}.npz"

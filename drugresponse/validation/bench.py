"""Where checks are made: the pack of known answers, a folder for what they write, and commands as they are typed."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from drugresponse.model.model import DrugResponseModel

__all__ = ["PACK", "Bench", "Ended"]

PACK = Path(__file__).parent / "pack"


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, and what it printed."""

    code: int
    out: str
    err: str


@dataclass
class Bench:
    """What checks share.

    Attributes
    ----------
    scratch
        An empty folder, for everything that is written.
    pack
        The files whose answers are known.
    """

    scratch: Path
    pack: Path = field(default=PACK)

    def table(self, name: str, **more: Any) -> pd.DataFrame:
        """A table of the pack, read by pandas and not by the readers that are checked."""
        import pandas as pd

        return pd.read_csv(self.pack / name, sep="\t", **more)

    def json(self, name: str) -> Any:
        """A document of the pack."""
        return json.loads((self.pack / name).read_text(encoding="utf-8"))

    @cached_property
    def genotypes(self) -> pd.DataFrame:
        """Those of the screen to train on, by sample."""
        return self.table("screen/genotypes.tsv", index_col="sample_id")

    @cached_property
    def new_genotypes(self) -> pd.DataFrame:
        """Those of the screen to predict for."""
        return self.table("screen/new_genotypes.tsv", index_col="sample_id")

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Tissues of all samples of the screen."""
        import pandas as pd

        return pd.concat([self.table(f"screen/{name}samples.tsv", index_col="sample_id") for name in ("", "new_")])

    @cached_property
    def drugs(self) -> pd.DataFrame:
        """Drugs of the screen."""
        return self.table("screen/drugs.tsv", index_col="drug_id")

    @cached_property
    def responses(self) -> pd.DataFrame:
        """What was measured of the samples to train on."""
        return self.table("screen/responses.tsv")

    @cached_property
    def expected(self) -> pd.DataFrame:
        """The responses without noise, of all samples, by sample and drug: the truth."""
        return self.table("screen/expected.tsv", index_col="sample_id")

    @cached_property
    def truth(self) -> Mapping[str, Any]:
        """What else is known of the screen: noise, planted effects, associations."""
        known: Mapping[str, Any] = self.json("screen/truth.json")
        return known

    @cached_property
    def ridge(self) -> DrugResponseModel:
        """A ridge that was checked on held-out rows of the screen."""
        return self.model("ridge", folds=3)

    def model(self, learner: str, **settings: Any) -> DrugResponseModel:
        """A model of the screen."""
        from drugresponse.model.model import DrugResponseModel

        model = DrugResponseModel(learner, n_jobs=1, device="cpu", **settings)
        return model.fit(self.genotypes, self.responses, samples=self.samples, drugs=self.drugs)

    @staticmethod
    def model_of(genotypes: pd.DataFrame, responses: pd.DataFrame, **settings: Any) -> DrugResponseModel:
        """A ridge of other tables."""
        from drugresponse.model.model import DrugResponseModel

        return DrugResponseModel("ridge", n_jobs=1, **settings).fit(genotypes, responses)

    @cached_property
    def words(self) -> list[str]:
        """The tables of the screen, as they are typed."""
        return [
            word
            for name in ("genotypes", "responses", "samples", "drugs")
            for word in (f"--{name}", str(self.pack / "screen" / f"{name}.tsv"))
        ]

    @cached_property
    def new_words(self) -> list[str]:
        """The tables of the new samples of the screen, as they are typed."""
        screen = self.pack / "screen"
        return ["--genotypes", f"{screen}/new_genotypes.tsv", "--samples", f"{screen}/new_samples.tsv"]

    def run(self, *words: str | Path) -> str:
        """A command, from its words to its outputs, in this process; what it prints."""
        from drugresponse.command_line.parsing import parse
        from drugresponse.command_line.running import run_command

        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            typed = parse([str(word) for word in words])
            if typed is not None:
                run_command(typed)
        return printed.getvalue()

    def program(self, *words: str | Path, environment: Mapping[str, str] | None = None) -> Ended:
        """A command in a process of its own, as a shell starts it."""
        ended = subprocess.run(
            [sys.executable, "-m", "drugresponse.cli", *map(str, words)],
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, "TMPDIR": str(self.scratch), **(environment or {})},
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

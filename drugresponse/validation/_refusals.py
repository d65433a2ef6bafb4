"""Checks of what must be refused: damaged and foreign models, and inputs that mean something else than they seem to."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pandas as pd

from drugresponse.curves import fit_curves
from drugresponse.errors import DrugResponseError
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel
from drugresponse.outputs import output_files
from drugresponse.readers import read_genotypes
from drugresponse.readers.tables.responses import read_responses
from drugresponse.validation.bench import Bench
from drugresponse.validation.checks import Check, equal, refused

__all__ = ["CHECKS"]

_REFUSED_MODEL = 3
"""The exit code, written out: that of the class is what is checked."""


def _damaged(bench: Bench) -> Iterator[Check]:
    """Models that are cut, changed or foreign"""
    whole = (bench.pack / "models" / "ridge.safetensors").read_bytes()
    file = bench.scratch / "damaged.safetensors"

    def load(content: bytes) -> Callable[[], Any]:
        file.write_bytes(content)
        return partial(load_model, file)

    yield refused("A model that is cut", load(whole[: len(whole) // 2]), "truncated or damaged", _REFUSED_MODEL)
    places = np.linspace(8, len(whole) - 1, 60).astype(int)
    accepted = 0
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1
        try:
            load(bytes(changed))()
            accepted += 1
        except DrugResponseError as error:
            accepted += error.exit_code != _REFUSED_MODEL
    yield equal("Models with one bit changed that are accepted, of 60", accepted, 0)
    length = int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8 : 8 + length])
    for key, before, after in (
        ("another learner", '"learner":"ridge"', '"learner":"sparse"'),
        ("another scheme", "new-samples", "random-pairs"),
    ):
        told = {
            name: text.replace(before, after).replace(before.replace(":", ": "), after)
            for name, text in header["__metadata__"].items()
        }
        packed = json.dumps({**header, "__metadata__": told}).encode()
        packed += b" " * (-len(packed) % 8)
        content = len(packed).to_bytes(8, "little") + packed + whole[8 + length :]
        yield equal(f"A manifest that names {key} is one that was changed", told != header["__metadata__"], True)
        yield refused(f"A manifest that names {key}", load(content), file.name, _REFUSED_MODEL)
    for name in ("model.pickle", "words.tsv"):
        yield refused(
            f"A {Path(name).suffix} file as a model",
            partial(load_model, bench.pack / "bad" / name),
            name,
            _REFUSED_MODEL,
        )


def _genotypes(bench: Bench) -> Iterator[Check]:
    """Genotypes that cannot be right"""
    folder = bench.scratch

    def read(text: str, **options: Any) -> Callable[[], Any]:
        file = folder / f"bad_{crc32(text.encode())}.tsv"
        file.write_text(text, encoding="utf-8")
        return partial(read_genotypes, file, **options)

    yield refused("A VCF that is cut", partial(read_genotypes, bench.pack / "bad" / "cut.vcf.gz"), "cut.vcf.gz")
    yield refused("A sample that stands twice", read("sample_id\tG1\ns1\t0\ns1\t1\n"), "s1")
    yield refused("A feature that stands twice", read("sample_id\tG1\tG1\ns1\t0\t1\ns2\t1\t1\n"), "G1")
    yield refused("Words among genotypes", read("sample_id\tG1\ns1\tyes please\ns2\t1\n"), "yes please")
    yield refused("An empty file", read(""), "bad_")
    yield refused("A file that is not there", partial(read_genotypes, folder / "none.tsv"), "none.tsv")


def _responses(bench: Bench) -> Iterator[Check]:
    """Responses that cannot be right"""
    yield refused("Words among responses", partial(read_responses, bench.pack / "bad" / "words.tsv"), "n.d.")
    other = bench.responses.assign(sample_id="X" + bench.responses["sample_id"])
    yield refused("Responses of other samples", partial(_fit, bench, other), "none")
    constant = bench.responses.assign(response=1.5)
    yield refused("A response that is always the same", partial(_fit, bench, constant), "1.5")
    # logarithms, many of them below 0
    words = [*bench.words, "--measure", "ic50", "--unit", "uM", "--learner", "ridge"]
    model = bench.scratch / "none.safetensors"
    yield refused("IC50s below 0", partial(bench.run, "train", *words, "--model", model), "concentrations above 0")
    yield equal("A command that was refused leaves no model", model.exists(), False)


def _fit(bench: Bench, responses: pd.DataFrame) -> DrugResponseModel:
    return DrugResponseModel("ridge", folds=0, n_jobs=1).fit(bench.genotypes, responses)


def _requests(bench: Bench) -> Iterator[Check]:
    """Requests that a model cannot answer"""
    other = bench.new_genotypes.rename(columns=lambda name: f"other_{name}")
    predicted = bench.ridge.predict(other, samples=bench.samples)
    yield equal("Predictions from genotypes with none of the features", int(predicted["prediction"].notna().sum()), 0)
    pairs = pd.DataFrame({"sample_id": [bench.new_genotypes.index[0]], "drug_id": ["unknown"]})
    asked = partial(bench.ridge.predict, bench.new_genotypes, samples=bench.samples, pairs=pairs)
    yield refused("A drug that was never seen", asked, "neither trained")
    yield refused(
        "An unknown learner", lambda: DrugResponseModel("rigde").fit(bench.genotypes, bench.responses), "ridge"
    )
    yield refused(
        "An unknown scheme",
        lambda: DrugResponseModel("ridge", "new-sample").fit(bench.genotypes, bench.responses),
        "new-samples",
    )
    few = pd.DataFrame({"sample_id": "s", "drug_id": "d", "dose": [0.1, 1.0], "response": [1.0, 0.5]})
    yield refused("Curves of two doses", lambda: fit_curves(few), "doses")
    yield refused("An option that is none", lambda: bench.run("train", "--fold", "3"), "--fold")


def _outputs(bench: Bench) -> Iterator[Check]:
    """Outputs appear whole or not at all"""
    target = bench.scratch / "output.tsv"
    try:
        with output_files({"table": target}) as out:
            out["table"].write_text("half", encoding="utf-8")
            raise RuntimeError("stopped")
    except RuntimeError:
        pass
    yield equal("An output of a run that was stopped", target.exists(), False)
    # a copy, since an installation that is broken may write over it
    model_file = bench.scratch / "itself.safetensors"
    model_file.write_bytes((bench.pack / "models" / "ridge.safetensors").read_bytes())
    over_itself = partial(bench.run, "describe", "--model", model_file, "--output", model_file)
    yield refused("An output that is also an input", over_itself, "also an input")
    leaky = bench.genotypes.assign(**{"RESPONSE_score": bench.responses.groupby("sample_id")["response"].mean()})
    model = DrugResponseModel("ridge", folds=2, n_jobs=1).fit(leaky, bench.responses)
    yield equal(
        "A feature that is the response is named", "RESPONSE_score" in " ".join(map(str, model.findings_)), True
    )


CHECKS = (_damaged, _genotypes, _responses, _requests, _outputs)

"""Every option of every command reaches what consumes it: a reader, a learner or a writer, below the workflows."""

from __future__ import annotations

import importlib.util
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

import anndata
import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster

from drugresponse import cli
from drugresponse.readers.source.source import Source
from drugresponse.settings import COMMANDS, Parameter
from tests.galaxy_tools import TEST_DATA

ABOVE = ("cli", "command_line", "settings", "workflows", "galaxy")
"""Rooms that only hand options on."""
ALIASES = {
    "seed": {"random_state"},
    "threads": {"n_jobs"},
    "allow_learner": {"allow"},
    "learner": {"learners", "name"},
    "covariates": {"names"},
    "genes": {"source"},
    "within": {"source"},
    "top": {"fit_top"},
    "by_gene": {"by_effect"},
    "refit_learner": {"learner"},
    "n_next": {"n_drugs"},
    "measure": {"name"},
    "dask": {"where"},
    "only_fold": {"fold"},
}
"""What the consumer calls it, where that is another word."""
CONSUMED_VALUES = {
    ("prepare", "by_gene"): True,
    ("prepare", "genes"): "CYP2C19,",
    ("prepare", "within"): "chr1:1-90000,",
    ("curves", "top"): True,
}
"""What the consumer is handed, where that is another value."""
COLUMNS = {"sample_id": "line", "drug_id": "compound", "response": "effect", "dose": "amount"}
FILES = ("genotypes", "responses", "drugs", "samples", "features", "aliases")
OUTPUTS = {parameter.name for command in COMMANDS.values() for parameter in command.parameters}
CELL_LINES, CURVES, PREPARE = (TEST_DATA / name for name in ("cell_lines", "curves", "prepare"))
MATRIX = {
    "features": CELL_LINES / "features.tsv",
    "genotype_format": "matrix",
    "absent_means": "missing",
    "aliases": CELL_LINES / "gene_aliases.tsv",
    "filters": "pass",
}
LAYER = {
    "genome_build": "hg19",
    "genotype_format": "anndata",
    "layer": "altered",
    "kind": "altered",
    "callable": PREPARE / "regions.bed",
}


def test_rooms_above__are_those_of_the_package():
    """Under another name, what only hands options on would count as their consumer."""
    assert all(importlib.util.find_spec(f"drugresponse.{room}") for room in ABOVE)


@dataclass
class Arguments:
    """Arguments of the calls into the rooms below the workflows, one mapping a call."""

    calls: list[dict[str, Any]] = field(default_factory=list)

    def received(self, names: set[str], value: object) -> bool:
        return any(name in call and _same(call[name], value) for call in self.calls for name in names)

    def received_together(self, path: Path, column: str) -> bool:
        return any(
            any(_same(each, path) for each in call.values()) and any(_same(each, column) for each in call.values())
            for call in self.calls
        )


def _same(argument: object, value: object) -> bool:
    if isinstance(argument, list | tuple) and not isinstance(value, list):
        return any(_same(each, value) for each in argument)
    if isinstance(argument, tuple):
        argument = list(argument)
    if isinstance(argument, Source):
        argument = argument.path
    return type(argument) is type(value) and argument == value


def _plain(argument: object) -> bool:
    return isinstance(argument, str | int | float | Path | Source) or (
        isinstance(argument, list | tuple) and len(argument) < 20 and all(map(_plain, argument))
    )


def _by_path(argument: object) -> object:
    """A source as the path of its file, which is what an option names."""
    if isinstance(argument, list | tuple) and len(argument) < 20:
        return [_by_path(item) for item in argument]
    # its constructor is a call too, before it has a path
    return getattr(argument, "path", None) if isinstance(argument, Source) else argument


@cache
def _consumes(module: str) -> bool:
    # a model takes some settings through scikit-learn's set_params
    if module == "sklearn.base":
        return True
    return module.startswith("drugresponse.") and module.split(".")[1] not in ABOVE


@contextmanager
def recorded_arguments() -> Iterator[Arguments]:
    arguments, seen = Arguments(), set[str]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not _consumes(frame.f_globals.get("__name__", "")):
            return
        code = frame.f_code
        n_named = code.co_argcount + code.co_kwonlyargcount
        call: dict[str, Any] = {}
        for name in code.co_varnames[: n_named + bool(code.co_flags & 4) + bool(code.co_flags & 8)]:
            value = frame.f_locals.get(name)
            # settings that are handed on as a mapping bear their names there
            parts = value.items() if isinstance(value, dict) and len(value) < 50 else [(name, value)]
            named = {str(key): _by_path(part) for key, part in parts}
            call |= {key: part for key, part in named.items() if _plain(part)}
        if call and (text := repr(call)) not in seen:
            seen.add(text)
            arguments.calls.append(call)

    # without a function for the lines it is called where one of Python begins, and for nothing of C
    before = sys.gettrace()
    sys.settrace(note)
    try:
        yield arguments
    finally:
        sys.settrace(before)


@dataclass(frozen=True)
class Run:
    """One command with every option that it was given, and what its consumers received."""

    command: str
    options: Mapping[str, Any]
    arguments: Arguments


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The simulated cell lines under other column names, so that a column that is not handed on is not found."""
    folder = tmp_path_factory.mktemp("renamed")
    for name in ("responses", "samples", "drugs", "new_samples", "pilots", "pairs", "splits"):
        table = pd.read_table(CELL_LINES / f"{name}.tsv", dtype=str).rename(columns=COLUMNS)
        if name in ("responses", "pilots"):
            table["screen"] = np.where(np.arange(len(table)) % 2, "first", "second")
        if "samples" in name:
            table["arm"] = np.where(np.arange(len(table)) % 2, "control", "active")
            table["strain"] = [f"strain {place // 3}" for place in range(len(table))]
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    pd.read_table(CURVES / "signal.tsv").rename(columns=COLUMNS).to_csv(folder / "doses.tsv", sep="\t", index=False)
    samples = pd.read_table(PREPARE / "samples.tsv", dtype=str).rename(columns=COLUMNS)
    samples.to_csv(folder / "prepared_samples.tsv", sep="\t", index=False)
    responses = pd.read_table(folder / "responses.tsv")
    strong = responses["effect"] > responses["effect"].median()
    classes = responses.assign(effect=np.where(strong, "strong", "weak"))
    classes.to_csv(folder / "classes.tsv", sep="\t", index=False)
    times = responses.assign(length=responses["effect"].rank() + 1.5, seen=strong.astype(int), since=1.0)
    times.drop(columns="effect").to_csv(folder / "times.tsv", sep="\t", index=False)
    features = pd.read_table(CELL_LINES / "genotypes.tsv", nrows=1).columns[1:3]
    rule = pd.DataFrame({"compound": responses["compound"].iloc[0], "feature_id": features, "score": [1.0, 2.0]})
    rule.to_csv(folder / "rule.tsv", sep="\t", index=False)
    rule.to_csv(folder / "prior.tsv", sep="\t", index=False)
    for name in ("genotypes", "new_genotypes"):
        matrix = pd.read_table(CELL_LINES / f"{name}.tsv", index_col=0).astype(np.float32)
        layered = anndata.AnnData(matrix * 0, layers={"altered": matrix.to_numpy()})
        layered.write_h5ad(folder / f"{name}.h5ad")
    return folder


def _runs(tables: Path, out: Path, scheduler: str) -> list[tuple[str, dict[str, Any]]]:
    """Runs that together set every option of every command, each to a value that is not its default."""
    columns = {"sample_column": "line", "drug_column": "compound"}
    measured = {**columns, "response_column": "effect", "study_column": "screen"}
    cohort = {name: tables / f"{name}.tsv" for name in ("responses", "samples", "drugs")}
    whole = {"genotypes": [CELL_LINES / "genotypes.tsv"], **cohort, **measured}
    whole_files = {name: value for name, value in {**whole, **MATRIX}.items() if name in FILES}
    layers = {"genotypes": [tables / "genotypes.h5ad"], **cohort, **measured, **LAYER}
    new = {"genotypes": [CELL_LINES / "new_genotypes.tsv"], "samples": tables / "new_samples.tsv", **columns, **MATRIX}
    new_layers = {"genotypes": [tables / "new_genotypes.h5ad"], **LAYER}
    model = {"model": CELL_LINES / "model.safetensors", "allow_learner": ["plain-ridge", "another"]}
    threads = {"threads": 2, "device": "cpu"}
    learning = {
        "response_scale": "identity",
        "covariates": ["tissue"],
        "arm": "arm",
        "scheme": "random-pairs",
        "seed": 5,
        "rank": 17,
        "epochs": 13,
    }
    learning |= {"lineage_column": "strain", "ancestry_components": 2, "reference_study": "first"}
    learning |= {"minimum_carriers": 2, "trees": 23, "depth": 3, "most_fits": 911, "most_minutes": 912.5, **threads}
    means = {"measure": "growth", "unit": "doublings", "higher_means": "resistant"}
    classed = {
        "genotypes": whole["genotypes"],
        "responses": tables / "classes.tsv",
        **measured,
        "classes": "weak<strong",
    }
    classed |= {"outcome": "binary"}
    timed = {"genotypes": whole["genotypes"], "responses": tables / "times.tsv", **columns}
    timed |= {"time_column": "length", "event_column": "seen", "entry_column": "since"}
    pilots = {"responses": tables / "pilots.tsv", "pairs": tables / "pairs.tsv", "response_column": "effect"}
    pilots["study_column"] = "screen"
    output = {name: out / f"{name}.out" for name in OUTPUTS}

    def outputs(*names: str) -> dict[str, Path]:
        return {name: output[name] for name in names}

    simulated = {"preset": "germline", "n_samples": 41, "n_drugs": 1, "n_features": 31, "outcome": "binary", "seed": 5}
    site_filter = {"genes": ["CYP2C19"], "minimum_frequency": 0.04, "maximum_missing": 0.875, "minimum_quality": 0.25}
    site_filter |= {"gene_list": PREPARE / "genes.txt", "regions": PREPARE / "regions.bed", "within": "chr1:1-90000"}
    prepared = {"genotypes": [PREPARE / "annotated.vcf"], "samples": tables / "prepared_samples.tsv"}
    prepared |= {"sample_column": "line", "absent_means": "reference", "genotype_format": "vcf", "by_gene": "effect"}
    prepared |= {"filters": "pass", "figures": out / "figures-prepare"}
    like = {"like": output["dataset"], "aliases": MATRIX["aliases"], "dataset": out / "like.out"}
    doses = {
        "doses": tables / "doses.tsv",
        **columns,
        "response_column": "effect",
        "dose_column": "amount",
        "plate_column": "plate",
    }
    doses |= {"measure": "ln_ic50", "response_scale": "signal", "dose_unit": "nM", "dose_scale": "linear"}
    doses |= {"top": "fitted", "minimum_doses": 5, "figures": out / "figures-curves"}
    explained = {
        **outputs("attributions", "associations", "agreement", "reasons", "pathways", "report", "headline"),
        **model,
    }
    explained |= {"gene_sets": CELL_LINES / "gene_sets.gmt", "selected_samples": ["L0001"], "adjust_sensitivity": True}
    explained |= {"refits": 2, "refit_learner": "pair-ridge", "minimum_carriers": 4, "seed": 5, **threads}
    explained |= {"figures": out / "figures-explain"}
    evaluated = outputs("metrics", "predictions", "short", "verdicts", "report", "headline", "markdown", "write_splits")
    evaluated |= {"figures": out / "figures", "resume": out / "resume", "learner": ["ridge"], "shuffles": 21}
    return [
        ("simulate", {"directory": out / "cohort", **simulated}),
        ("simulate", {"directory": out / "screens", "studies": 2, "n_samples": 22}),
        ("prepare", {**prepared, **site_filter, **outputs("dataset", "summary", "report", "headline")}),
        ("prepare", {**prepared, **like}),
        ("prepare", {"genotypes": whole["genotypes"], **MATRIX, "parents": "named",
                     "dataset": out / "matrix.out"}),
        ("prepare", {"genotypes": layers["genotypes"], **LAYER, "dataset": out / "layer.out"}),
        ("curves", {**doses, "maximum_rmse": 0.75, **outputs("responses", "fits", "report", "headline")}),
        ("train", {**whole, **MATRIX, **learning, **means, "learner": "ridge", "folds": 2, "minimum_features": 0.375,
                   "cost_of_miss": 3.5, "horizon": 61.5, "figures": out / "figures-train",
                   **outputs("model", "metrics", "short", "report", "headline")}),
        ("reproduce", {**whole_files, "model": output["model"], "allow_learner": ["another"], **threads}),
        # without structures the bytes differ, and the predictions are compared
        ("reproduce", {**{name: path for name, path in whole_files.items() if name != "drugs"},
                       "model": output["model"], "tolerance": 0.5}),
        ("train", {**layers, "parents": "named", "learner": "ridge", "folds": 0, "forget_samples": True,
                   "prior": tables / "prior.tsv", **outputs("model")}),
        ("reproduce", {**{name: layers[name] for name in FILES if name in layers}, "callable": LAYER["callable"],
                       "prior": tables / "prior.tsv", "model": output["model"]}),
        ("train", {**classed, "learner": "additive-mean", "folds": 0, "dask": scheduler, **outputs("model")}),
        ("train", {**timed, "learner": "ridge", "folds": 0, "model": out / "timed.safetensors"}),
        ("predict", {**new, **model, "drugs": tables / "drugs.tsv", "minimum_features": 0.375, **threads,
                     "figures": out / "figures-predict", **outputs("predictions", "short", "report", "headline")}),
        ("predict", {**new_layers, **model, "pairs": tables / "pairs.tsv", **columns, **outputs("predictions")}),
        ("adapt", {**new, **model, **pilots, "drugs": tables / "drugs.tsv", "minimum_features": 0.375, "n_next": 3,
                   **threads, "figures": out / "figures-adapt",
                   **outputs("predictions", "short", "next_drugs", "report", "headline")}),
        ("adapt", {**new_layers, **model, **pilots, **columns, **outputs("predictions")}),
        ("evaluate", {**whole, **MATRIX, **learning, **means, **evaluated, "folds": 2, "repeats": 2}),
        ("evaluate", {**layers, "parents": "named", "learner": ["ridge"], "shuffles": 0,
                      "splits": tables / "splits.tsv", "prior": tables / "prior.tsv", **outputs("metrics")}),
        ("evaluate", {**classed, "learner": ["additive-mean"], "shuffles": 0, "folds": 2, "cost_of_miss": 3.5,
                      "horizon": 61.5, "rule": tables / "rule.tsv", **outputs("metrics", "net_benefit")}),
        ("evaluate", {**timed, "learner": ["additive-mean"], "shuffles": 0, "folds": 2, **outputs("metrics")}),
        ("evaluate", {**whole, "learner": ["additive-mean"], "folds": 2, "only_fold": 1, "resume": out / "fold",
                      "dask": scheduler}),
        ("explain", {**timed, "model": out / "timed.safetensors", "refits": 0, "dask": scheduler,
                     **outputs("attributions")}),
        ("explain", {**whole, **MATRIX, **explained}),
        ("explain", {**layers, **model, "refits": 0, **outputs("attributions")}),
        ("describe", {**model, "card": out / "card.md"}),
    ]  # fmt: skip


def _words(command: str, options: Mapping[str, Any]) -> list[str]:
    words = [command, "-q"]
    for name, value in options.items():
        parameter = COMMANDS[command].parameter(name)
        values = value if parameter.repeatable else [",".join(value) if parameter.type == "names" else value]
        words += [parameter.option] if value is True else [f"{parameter.option}={each}" for each in values]
    return words


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Its worker is a thread of this process."""
    quiet = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, protocol="tcp://", **quiet) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="module")
def runs(tables: Path, scheduler: str, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    finished = []
    for command, options in _runs(tables, tmp_path_factory.mktemp("out"), scheduler):
        with recorded_arguments() as arguments:
            assert cli.main(_words(command, options)) == 0
        finished.append(Run(command, options, arguments))
    return finished


@pytest.mark.parametrize(
    ("command", "parameter"),
    [
        pytest.param(command.name, parameter, id=f"{command.name}{parameter.option}")
        for command in COMMANDS.values()
        for parameter in command.parameters
        # outputs alone, which the tests of its room write
        if command.name != "validate" and parameter.name not in ("config", "dry_run", "json", "output")
    ],
)
def test_option__reaches_its_consumer(command: str, parameter: Parameter, runs: list[Run]) -> None:
    set_in = [run for run in runs if run.command == command and parameter.name in run.options]
    assert set_in, "no run sets this option: add it to one"
    for run in set_in:
        value = run.options[parameter.name]
        if parameter.type in ("output", "folder"):
            assert value.is_dir() or value.stat().st_size
            continue
        assert value != parameter.default
        names = {parameter.name, *ALIASES.get(parameter.name, ())}
        for each in value if parameter.repeatable else [value]:
            if parameter.type == "input":
                names = {"path", "paths", "file", "source"}
            consumed = CONSUMED_VALUES.get((command, parameter.name), each)
            assert run.arguments.received(names, consumed)


COLUMN_OPTIONS = {"sample_column": ("responses", "samples", "pairs", "splits", "rule", "doses"),
                  "drug_column": ("responses", "drugs", "pairs", "splits", "rule", "prior", "doses"),
                  "response_column": ("responses", "doses")}  # fmt: skip


def test_column_options__reach_the_reader_of_every_table(runs: list[Run]) -> None:
    for run in runs:
        for option, inputs in COLUMN_OPTIONS.items():
            for name in inputs:
                path = run.options.get(name)
                if option in run.options and path is not None and COMMANDS[run.command].parameter(name).type == "input":
                    assert run.arguments.received_together(path, run.options[option]), f"{run.command} {option} {name}"

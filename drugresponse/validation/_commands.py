"""Checks of every command, from its words to its files: on one cohort, one after the other, in a temporary folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from drugresponse.readers import read_genotypes
from drugresponse.validation.bench import Bench
from drugresponse.validation.checks import Check, at_least, close, equal, within

__all__ = ["CHECKS"]


def _trained(bench: Bench) -> Path:
    return bench.scratch / "model.safetensors"


def _table(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, sep="\t")


def _page(name: str, path: Path, words: str) -> Iterator[Check]:
    """A page is whole, runs nothing, and says what it should."""
    page = path.read_text(encoding="utf-8")
    yield equal(
        f"The page of {name} is whole", page.startswith("<!DOCTYPE html>") and page.rstrip().endswith("</html>"), True
    )
    yield equal(f"The page of {name} runs no script", "<script" in page.lower(), False)
    yield equal(f"The page of {name} says: {words}", words in page, True)


def _train(bench: Bench) -> Iterator[Check]:
    """train, with model, scores and page"""
    folder = bench.scratch
    said = bench.run(
        "train", *bench.words, "--learner", "ridge", "--threads", "1", "--model", _trained(bench),
        "--metrics", folder / "metrics.tsv", "--report", folder / "train.html",
    )  # fmt: skip
    yield equal("What train says", "Trained on 110 samples, 5 drugs, 490 measured pairs." in said, True)
    rows = _table(folder / "metrics.tsv").set_index(["learner", "fold", "level", "metric"])["value"]
    skill = rows.loc[[("ridge", "all", "global", "skill")]].iloc[0]
    yield at_least("Skill in the table of scores", float(skill), 0.3)
    yield from _page("train", folder / "train.html", "Better than every naive prediction")
    again = folder / "again.safetensors"
    bench.run("train", *bench.words, "--learner", "ridge", "--threads", "2", "--model", again)
    yield equal(
        "The same seed gives the same bytes, with one thread and with two",
        again.read_bytes() == _trained(bench).read_bytes(),
        True,
    )


def _predict(bench: Bench) -> Iterator[Check]:
    """predict, for new samples"""
    file, page = bench.scratch / "predictions.tsv", bench.scratch / "predict.html"
    bench.run("predict", "--model", _trained(bench), *bench.new_words, "--predictions", file, "--report", page)
    rows = _table(file)
    yield equal("Rows of predictions", len(rows), 50 * 5)
    known = bench.json("earlier.json")["ridge"]["predictions"]
    yield close("Predictions as written", rows["prediction"].head(len(known)), known, 1e-5)
    yield equal("No sample is flagged as seen", bool(rows["sample_seen"].any()), False)
    naive = bench.responses.groupby("drug_id")["response"].mean()
    yield close("Baselines, on average over samples", rows.groupby("drug_id")["baseline"].mean(), naive, 0.3)
    yield from _page("predict", page, "Research use only")


def _evaluate(bench: Bench) -> Iterator[Check]:
    """evaluate, on folds that are given"""
    ids = list(bench.genotypes.index)
    splits = bench.scratch / "splits.tsv"
    pd.DataFrame({"sample_id": ids, "fold": [i % 3 for i in range(len(ids))]}).to_csv(splits, sep="\t", index=False)
    metrics, predictions, page = (bench.scratch / name for name in ("scores.tsv", "held_out.tsv", "evaluate.html"))
    bench.run(
        "evaluate", *bench.words, "--learner", "ridge", "--shuffles", "0", "--splits", splits, "--threads", "1",
        "--metrics", metrics, "--predictions", predictions, "--report", page,
    )  # fmt: skip
    rows = _table(predictions)
    ridge = rows[rows["learner"] == "ridge"]
    place = {one: i % 3 for i, one in enumerate(ids)}
    yield equal(
        "Held-out rows are those of the folds", bool((ridge["sample_id"].map(place) == ridge["fold"]).all()), True
    )
    yield equal("Each measured pair is held out once", len(ridge), len(bench.responses))
    measured = bench.responses.set_index(["sample_id", "drug_id"])["response"].sort_index()
    told = ridge.set_index(["sample_id", "drug_id"]).sort_index()
    yield close("Measured responses of held-out rows", told["response"], measured, 1e-6)
    scores = _table(metrics)
    pooled = scores[(scores["learner"] == "ridge") & (scores["level"] == "global") & (scores["fold"] == "all")]
    by_fold = [np.sqrt(((of["response"] - of["prediction"]) ** 2).mean()) for _, of in ridge.groupby("fold")]
    yield close(
        "RMSE told, against that of the rows", pooled.set_index("metric")["value"]["rmse"], np.mean(by_fold), 1e-6
    )
    yield from _page("evaluate", page, "Research use only")


def _explain(bench: Bench) -> Iterator[Check]:
    """explain, with attributions and associations"""
    files = [bench.scratch / name for name in ("attributions.tsv", "associations.tsv", "explain.html")]
    bench.run(
        "explain", "--model", _trained(bench), *bench.words, "--refits", "2", "--threads", "1",
        "--attributions", files[0], "--associations", files[1], "--report", files[2],
    )  # fmt: skip
    first = _table(files[1]).sort_values("p").iloc[0]
    yield equal("The strongest association", [first["drug_id"], first["feature_id"]], ["D2", "GENE11_mut"])
    rows = _table(files[0]).set_index(["drug_id", "feature_id"])
    yield at_least("Stability of a planted effect", float(rows.loc[("D2", "GENE11_mut"), "stability"]), 0.5)
    yield from _page("explain", files[2], "GENE11_mut")


def _adapt(bench: Bench) -> Iterator[Check]:
    """adapt, with pilot measurements"""
    pilots, file, ranked = (bench.scratch / name for name in ("pilots.tsv", "adapted.tsv", "next.tsv"))
    measured = bench.table("screen/new_responses.tsv")
    measured[measured["drug_id"] == "D1"].to_csv(pilots, sep="\t", index=False)
    bench.run(
        "adapt", "--model", _trained(bench), *bench.new_words, "--responses", pilots, "--predictions", file,
        "--next-drugs", ranked,
    )  # fmt: skip
    rows = _table(file).merge(_table(bench.scratch / "predictions.tsv"), on=["sample_id", "drug_id"])
    moved = rows["prediction_x"] - rows["prediction_y"]
    yield equal("Predictions without a pilot stay", bool((moved[rows["pilots"] == 0].abs() < 1e-8).all()), True)
    yield within(
        "Share of predictions with a pilot that move", float((moved[rows["pilots"] > 0].abs() > 1e-9).mean()), 0.5, 1
    )
    yield equal(
        "Drugs to measure next are none that was measured",
        set(_table(ranked)["drug_id"]) <= {"D1", "D2", "D3", "D4", "D5"},
        True,
    )


def _describe(bench: Bench) -> Iterator[Check]:
    """describe, as JSON and as a model card"""
    card = bench.scratch / "card.md"
    told = json.loads(bench.run("describe", "--model", _trained(bench), "--json", "--card", card))
    yield equal(
        "Samples and pairs that the model tells of",
        [told["training"]["samples"], told["training"]["pairs"]],
        [110, 490],
    )
    yield equal(
        "Learner and scheme that the model tells of",
        [told["learner"], told["scheme"]["name"]],
        ["ridge", "new-samples"],
    )
    text = card.read_text(encoding="utf-8")
    yield equal("The card says what the model must not be used for", "What it must not be used for" in text, True)


def _reproduce(bench: Bench) -> Iterator[Check]:
    """reproduce, from the same files and from others"""
    said = bench.run("reproduce", "--model", _trained(bench), *bench.words)
    yield equal("What reproduce says of the same files", "Reproduced: the same bytes." in said, True)


def _curves(bench: Bench) -> Iterator[Check]:
    """curves, from doses to responses"""
    responses, fits, page = (bench.scratch / name for name in ("ic50.tsv", "fits.tsv", "curves.html"))
    bench.run(
        "curves", "--doses", bench.pack / "curves" / "doses.tsv", "--measure", "ln_ic50", "--dose-unit", "uM",
        "--responses", responses, "--fits", fits, "--report", page,
    )  # fmt: skip
    known = np.log([each["ic50"] for each in bench.json("curves/truth.json")])
    yield close("ln IC50 as written", _table(responses)["response"], known, 1e-5)
    yield from _page("curves", page, "IC50")


def _prepare(bench: Bench) -> Iterator[Check]:
    """prepare, one file of genotypes in two formats"""
    dataset, summary = bench.scratch / "prepared.h5ad", bench.scratch / "summary.tsv"
    bench.run(
        "prepare",
        "--genotypes",
        bench.pack / "genotypes" / "variants.vcf.gz",
        "--dataset",
        dataset,
        "--summary",
        summary,
    )
    before, after = (read_genotypes(path) for path in (bench.pack / "genotypes" / "variants.vcf", dataset))
    yield equal("Samples that are prepared", list(after.sample_ids), list(before.sample_ids))
    found = pd.DataFrame(after.dense(), columns=after.features.index)[list(before.features.index)]
    yield close("Genotypes that are prepared", found, before.dense(), 0.0)
    rows = _table(summary).set_index(["level", "metric"])["value"]
    truth = pd.read_csv(bench.pack / "genotypes" / "truth.csv", index_col=0)
    yield close(
        "Share of missing calls", rows.loc[[("cohort", "missing")]].iloc[0], truth.isna().to_numpy().mean(), 1e-6
    )


def _simulate(bench: Bench) -> Iterator[Check]:
    """simulate, twice with one seed"""
    words = ["--n-samples", "40", "--n-drugs", "4", "--n-features", "20", "--seed", "3"]
    folders = [bench.scratch / name for name in ("first", "second")]
    for folder in folders:
        bench.run("simulate", "--directory", folder, *words)
    first, second = ({path.name: path.read_bytes() for path in sorted(folder.iterdir())} for folder in folders)
    yield equal("The same seed gives the same files", first == second, True)
    yield equal("Files that are simulated", len(first), 11)


def _import(bench: Bench) -> Iterator[Check]:
    """import, of files as GDSC gives them out"""
    rows, features = [], []
    for line in range(24):
        name = f"LINE-{line}"
        for drug in (1003, 1373):
            about = {"DATASET": "GDSC2", "COSMIC_ID": 683667 + line, "CELL_LINE_NAME": name, "TCGA_DESC": "LUAD"}
            about |= {"SANGER_MODEL_ID": f"SIDM{line:05}", "DRUG_ID": drug, "DRUG_NAME": f"Drug {drug}"}
            about |= {"PUTATIVE_TARGET": "BRAF", "MAX_CONC": 10.0, "LN_IC50": line / 10 + drug / 1000}
            rows.append({**about, "AUC": 0.9, "RMSE": 0.05, "Z_SCORE": 0.1})
        one = {"cell_line_name": name, "cosmic_sample_id": 683667 + line, "genetic_feature": "BRAF_mut"}
        features.append({**one, "is_mutated": line % 2, "recurrent_gain_loss": ""})
    files = [bench.scratch / "fitted.csv", bench.scratch / "features.csv"]
    for table, file in zip((rows, features), files, strict=True):
        pd.DataFrame(table).to_csv(file, index=False)
    from drugresponse.workflows.importing import import_published

    import_published("gdsc", files, bench.scratch / "gdsc")
    responses = _table(bench.scratch / "gdsc" / "responses.tsv")
    yield equal("Responses that are imported", len(responses), 48)
    yield close("Their sum", responses.select_dtypes("float").sum().iloc[0], sum(row["LN_IC50"] for row in rows), 1e-6)


def _other_programs(bench: Bench) -> Iterator[Check]:
    """The program, as a shell starts it"""
    model = bench.pack / "models" / "ridge.safetensors"
    told = bench.program("describe", "--model", model, environment={"LC_ALL": "C", "LANG": "C"})
    yield equal("Exit code of describe in the locale C", told.code, 0)
    yield equal("What describe prints there", "110 samples, 5 drugs, 490 measured pairs" in told.out, True)
    yield equal("Exit code of a misspelt command", bench.program("trian").code, 2)
    yield equal(
        "Exit code of a model that is none",
        bench.program("describe", "--model", bench.pack / "bad" / "words.tsv").code,
        3,
    )
    yield equal("A page of help", "--genotypes" in bench.program("train", "--help").out, True)
    yield equal("Completion of a shell", "drugresponse" in bench.program("completion", "bash").out, True)


CHECKS = (
    _train, _predict, _evaluate, _explain, _adapt, _describe, _reproduce, _curves, _prepare, _simulate, _import,
    _other_programs,
)  # fmt: skip

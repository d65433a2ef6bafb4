"""A distribution of somebody else, really installed, and used from Python, from the command line and from a file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone

import drugresponse as dr
from drugresponse import cli
from drugresponse.learners.registry import find_learner, learner_names
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.model.file import read_model_file, write_model_file
from drugresponse.plugins import LEARNER_GROUP, plugin_names

PACKAGE = Path(dr.__file__).parents[1]
COHORT = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
TABLES = (COHORT.genotypes, COHORT.responses)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """A folder with the plug-in as pip installs it."""
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(Path(__file__).parent / "plugin", folder / "source")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", folder / "site", folder / "source"], check=True)
    return folder / "site"


@pytest.fixture
def installed(site, monkeypatch):
    """The plug-in's module, in a process where it is installed."""
    monkeypatch.syspath_prepend(site)
    import drugresponse_example

    yield drugresponse_example
    for name in [name for name in sys.modules if name.partition(".")[0] == "drugresponse_example"]:
        del sys.modules[name]


@pytest.fixture(scope="module")
def tables(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    run("simulate", "--directory", folder, "--n-samples", 40, "--n-drugs", 3, "--n-features", 20)
    return folder


def run(*words: object, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """A command in a fresh process, with what is installed in a folder beside the package."""
    paths = [PACKAGE, *([] if path is None else [path])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
    command = [sys.executable, "-m", "drugresponse.cli", *map(str, words)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_learner__is_found_by_its_name_and_shadows_none(installed):
    record = find_learner("plain-ridge")
    assert (record.plugin.distribution, record.plugin.version) == ("drugresponse-example", "1.2")
    assert "plain-ridge" in learner_names() and "plain-ridge" not in dr.LEARNERS
    assert find_learner("additive-mean").plugin is None
    assert "additive-mean" in plugin_names(LEARNER_GROUP)
    with pytest.raises(dr.InputError, match=r'"plain-rigde" is unknown\. Did you mean "plain-ridge"\?'):
        dr.DrugResponseModel("plain-rigde").fit(*TABLES)


def test_learner__of_two_distributions_is_that_of_neither(installed, tmp_path, monkeypatch):
    other = tmp_path / "other-2.0.dist-info"
    other.mkdir()
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 2.0\n", encoding="utf-8")
    (other / "entry_points.txt").write_text("[drugresponse.learners]\nplain-ridge = other:Ridge\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(dr.InputError, match=r'^"plain-ridge": is given by drugresponse-example and other'):
        find_learner("plain-ridge")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("not-a-learner", r"read_gene_sheet \(expected a class that inherits from drugresponse\.PairRegressor\)"),
        ("not-there", r'^"not-there" of drugresponse-example 1\.2: drugresponse_example:Absent cannot be imported'),
        ("not-importable", r"broken:Absent cannot be imported \(RuntimeError\('not for this machine'\)\)"),
        ("not-whole", r'^`learner`: "not-whole" of drugresponse-example cannot be made .*abstract methods'),
    ],
)
def test_learner__that_is_none_or_is_gone(installed, name, message):
    with pytest.raises(dr.InputError, match=message):
        dr.DrugResponseModel(name).fit(*TABLES)


def test_learner__within_a_class_and_with_extras(installed):
    assert dr.DrugResponseModel("within-a-class", folds=0).fit(*TABLES).regressor_.get_params() == {"penalty": 1.0}


def test_model__of_a_foreign_learner_in_python(installed, tmp_path):
    by_name = dr.DrugResponseModel("plain-ridge", folds=2).fit(*TABLES)
    by_object = dr.DrugResponseModel(installed.PlainRidge(), folds=2).fit(*TABLES)
    other = dr.DrugResponseModel(installed.PlainRidge(penalty=50.0), folds=2).fit(*TABLES)
    predicted = by_name.predict(COHORT.genotypes)
    assert by_object.predict(COHORT.genotypes).equals(predicted)
    assert not other.predict(COHORT.genotypes).equals(predicted)
    assert by_name.manifest_["learner_from"] == {"distribution": "drugresponse-example", "version": "1.2"}
    assert by_name.manifest_["features"]["used"] > 0
    for number, model in enumerate((by_name, by_object, other)):
        model.save(tmp_path / str(number))
        loaded = dr.load_model(tmp_path / str(number), allow=["plain-ridge"])
        assert loaded.predict(COHORT.genotypes).equals(model.predict(COHORT.genotypes))
    assert loaded.learner.get_params() == {"penalty": 50.0}
    assert loaded.get_params()["learner__penalty"] == 50.0
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()


def test_evaluate__of_a_foreign_learner(installed):
    summary = dr.evaluate(*TABLES, learners=["plain-ridge"], settings={"penalty": 3.0}, folds=2, shuffles=0, n_jobs=1)
    assert summary.evaluation.learners == ("covariates", "plain-ridge")
    assert len(summary.drug_verdicts) == 3


def test_load_model__runs_no_code_that_nobody_allowed(installed, site, tmp_path):
    file = tmp_path / "model.safetensors"
    dr.DrugResponseModel("plain-ridge", folds=0).fit(*TABLES).save(file)
    message = r'"plain-ridge" is of drugresponse-example 1\.2, .*name plain-ridge in `allow`\.$'
    with pytest.raises(dr.ModelFileError, match=message):
        dr.load_model(file)
    with pytest.raises(dr.ModelFileError, match="runs the code of that distribution"):
        dr.load_model(file, allow=["another"])
    with pytest.raises(dr.InputError, match=r"`allow`: found None .expected names of learners"):
        dr.load_model(file, allow=None)
    code = (
        "import sys, drugresponse as dr\n"
        f"try: dr.load_model({str(file)!r})\n"
        "except dr.ModelFileError: print('drugresponse_example' in sys.modules)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (PACKAGE, site)))}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


def test_load_model__whose_distribution_is_another_or_absent(installed, site, tmp_path, monkeypatch, caplog):
    file = tmp_path / "model.safetensors"
    dr.DrugResponseModel("plain-ridge", folds=0).fit(*TABLES).save(file)
    state, manifest = read_model_file(file)

    def load(**changes):
        changed = {key: value for key, value in {**manifest, **changes}.items() if changes.get(key, 1) is not None}
        write_model_file(file, state, changed)
        return dr.load_model(file, allow=["plain-ridge", "not-importable"])

    assert load().learner == "plain-ridge"
    with pytest.raises(dr.ModelFileError, match="and drugresponse-example gives one of that name"):
        load(learner_from={"distribution": "another", "version": "1.2"})
    with pytest.raises(dr.ModelFileError, match=r'learner is "plain-ridge" \(expected one of'):
        load(learner_from=None)
    hidden = {"learner": "ridge", "parameters": {**manifest["parameters"], "learner": "ridge"}}
    with pytest.raises(dr.ModelFileError, match=r'learner_parameters\.learner is "plain-ridge" \(expected one of'):
        load(learner_from=None, learner_parameters={"learner": "plain-ridge"}, **hidden)
    for name in ("", "a\nb", "\x1b[31m", "x" * 201):
        with pytest.raises(dr.ModelFileError, match=r"learner is .* \(expected a name\)"):
            load(learner=name, parameters={**manifest["parameters"], "learner": name})
        with pytest.raises(dr.ModelFileError, match=r"learner_from\.distribution is .* \(expected a name\)"):
            load(learner_from={"distribution": name, "version": "1.2"})
    assert not caplog.messages
    load(learner_from={"distribution": "drugresponse-example", "version": "1.1"})
    assert "of drugresponse-example 1.1, and 1.2 is installed" in caplog.messages[0]
    broken = {"learner": "not-importable", "parameters": {**manifest["parameters"], "learner": "not-importable"}}
    with pytest.raises(dr.ModelFileError, match=r'^[^ ]*: "not-importable" of .* cannot be imported'):
        load(**broken)
    with pytest.raises(dr.ModelFileError, match=r"learner_from\.version is absent"):
        load(learner_from={"distribution": "drugresponse-example"})
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path != str(site)])
    with pytest.raises(dr.ModelFileError, match=r"1\.2, which is not installed"):
        load()


def test_command_line__trains_and_predicts_with_a_foreign_learner(site, tables, tmp_path):
    file, predictions = tmp_path / "model.safetensors", tmp_path / "predictions.tsv"
    files = ["--genotypes", tables / "genotypes.tsv"]
    training = ["train", *files, "--responses", tables / "responses.tsv", "--model", file, "--folds", 2]
    refused = run(*training, "--learner", "plain-ridge")
    assert refused.returncode == 2 and '--learner: "plain-ridge" is none of the choices' in refused.stderr
    trained = run(*training, "--learner", "plain-ridge", path=site)
    assert trained.returncode == 0, trained.stderr
    predicting = ["predict", *files, "--model", file, "--predictions", predictions]
    predicted = run(*predicting, "--allow-learner", "plain-ridge", path=site)
    assert predicted.returncode == 0 and predictions.stat().st_size > 1000, predicted.stderr


def test_command_line__of_a_foreign_learner_tells_whose_it_is(installed, tables, tmp_path, capsys):
    file, predictions = tmp_path / "model.safetensors", tmp_path / "predictions.tsv"
    dr.DrugResponseModel("plain-ridge", folds=0).fit(*TABLES).save(file)
    files, of_model = ["--genotypes", tables / "genotypes.tsv"], ["--model", file, "--allow-learner", "plain-ridge"]
    responses = ["--responses", tables / "responses.tsv"]

    def told(code: int, *words: object) -> tuple[str, str]:
        assert cli.main([*map(str, words)]) == code
        return capsys.readouterr()

    failing = ["train", *files, *responses, "--model", tmp_path / "none", "--folds", 2, "--learner", "fails"]
    assert "this is a defect of drugresponse-example 1.2" in told(70, *failing)[1]
    refused = told(3, "predict", *files, "--model", file, "--predictions", predictions)[1]
    assert "name plain-ridge in --allow-learner" in refused
    assert not predictions.exists()
    described = json.loads(told(0, "describe", "--json", *of_model)[0])
    assert described["learner_from"]["distribution"] == "drugresponse-example"
    in_words = told(0, "describe", *of_model)[0]
    assert "Learner: plain-ridge (of drugresponse-example 1.2)\n" in in_words
    explained = told(2, "explain", *files, *responses, *of_model, "--attributions", tmp_path / "a.tsv")[1]
    assert "its predictions have no parts to show" in explained


def test_reader__reads_what_it_is_named_for(installed, tmp_path):
    sheet = tmp_path / "sheet.dat"
    sheet.write_text("s1: KRAS TP53\ns2: KRAS\ns3:\n", encoding="utf-8")
    genotypes = dr.read_genotypes(sheet, genotype_format="gene-sheet")
    assert genotypes.features.index.tolist() == ["KRAS", "TP53"]
    np.testing.assert_array_equal(genotypes.dense(), [[1, 1], [1, 0], [0, 0]])
    kept = dr.read_genotypes(sheet, genotype_format="gene-sheet", site_filter=dr.SiteFilter(genes=frozenset(["TP53"])))
    assert kept.features.index.tolist() == ["TP53"]
    # by its content it is never read, though the reader is there
    with pytest.raises(dr.InputError):
        dr.read_genotypes(sheet)
    with pytest.raises(dr.InputError, match=r'"gene-shet" is unknown\. Did you mean "gene-sheet"\?'):
        dr.read_genotypes(sheet, genotype_format="gene-shet")
    sheet.write_bytes(b"\xff\xfe")
    with pytest.raises(
        dr.InputError, match=r'"gene-sheet" of drugresponse-example 1\.2 cannot read it \(UnicodeDecodeEr'
    ):
        dr.read_genotypes(sheet, genotype_format="gene-sheet")
    with pytest.raises(dr.InputError, match=r"gave dict \(expected drugresponse\.Genotypes\)"):
        dr.read_genotypes(sheet, genotype_format="not-genotypes")


def test_command_line__reads_a_foreign_format(site, tmp_path):
    sheet, dataset = tmp_path / "sheet.dat", tmp_path / "genotypes.h5ad"
    sheet.write_text("s1: KRAS TP53\ns2: KRAS\ns3:\n", encoding="utf-8")
    words = ["prepare", "--genotypes", sheet, "--dataset", dataset]
    prepared = run(*words, "--genotype-format", "gene-sheet", path=site)
    assert prepared.returncode == 0, prepared.stderr
    assert dr.read_genotypes(dataset).features["gene"].tolist() == ["KRAS", "TP53"]
    assert run(*words, path=site).returncode == 2
    refused = run(*words, "--genotype-format", "gene-sheet")
    assert refused.returncode == 2 and '--genotype-format: "gene-sheet" is none of the choices' in refused.stderr


class MedianOfDrugs(dr.PairRegressor):
    """In no distribution."""

    def __init__(self, shift: float = 0.0, notes_of: object = None) -> None:
        self.shift = shift
        self.notes_of = notes_of

    def fit(self, pairs, y, sample_weight=None):
        self.median_ = float(np.median(y))
        return self

    def predict(self, pairs):
        return np.full(len(pairs), self.median_ + self.shift)

    def get_state(self):
        return {"median": np.array([self.median_])}

    @classmethod
    def from_state(cls, state, **settings):
        raise NotImplementedError


class Answering(MedianOfDrugs):
    """Whose answers are what they should not be."""

    def __init__(self, answer: object = None) -> None:
        self.answer = answer

    def predict(self, pairs):
        return self.answer


@pytest.mark.parametrize("folds", [0, 2])
@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, r"NoneType of shape \(\)"),
        (np.zeros(3), r"ndarray of shape \(3,\)"),
        (["a", "b"], r"list of shape \(2,\)"),
        (np.full(180, np.nan), r"ndarray of shape \(180,\)|180 that are not finite"),
    ],
)
def test_model__of_a_learner_that_answers_no_numbers(folds, answer, message):
    with pytest.raises(dr.InputError, match=f"^Answering: a prediction is missing: found ({message})"):
        dr.DrugResponseModel(Answering(answer), folds=folds).fit(*TABLES).predict(COHORT.genotypes)


@pytest.mark.parametrize(
    ("features", "weights"),
    [([("altered", "nowhere")], [1.0]), ([("altered", "G001")], [np.nan]), ([("altered", "G001")], [0.5, 0.5])],
)
def test_model__of_a_learner_whose_weights_are_of_other_features(features, weights):
    class Weighing(MedianOfDrugs):
        def trained_features(self):
            return COHORT.genotypes.features

        def feature_weights(self):
            return features, np.array(weights)

    with pytest.raises(dr.InputError, match=r"^Weighing: its `feature_weights` are not those of its training"):
        dr.DrugResponseModel(Weighing(), folds=0).fit(*TABLES).predict(COHORT.genotypes)


@pytest.mark.parametrize(
    ("learners", "message"),
    [
        ({"mine": 3}, '"mine" is int'),
        ({"mine": MedianOfDrugs}, '"mine" is the class MedianOfDrugs'),
        ({"mine": dr.DrugResponseModel()}, '"mine" is DrugResponseModel'),
        ({"covariates": MedianOfDrugs()}, "'covariates' is the name of another one"),
        ({"drug mean": MedianOfDrugs()}, "'drug mean' is the name of another one"),
        ({"": MedianOfDrugs()}, "'' is no name"),
    ],
)
def test_evaluate__refuses_what_is_no_learner_and_the_names_of_others(learners, message):
    with pytest.raises(dr.InputError, match=f"^learners: {message}"):
        dr.evaluate(*TABLES, learners=learners, folds=2, shuffles=0)


def test_evaluate__takes_an_estimator_under_its_own_name():
    ridge = FactorRidge(scheme="new-samples", rank=1)
    summary = dr.evaluate(*TABLES, learners={"ridge": ridge}, folds=2, shuffles=0, n_jobs=1)
    assert summary.evaluation.learners == ("covariates", "ridge")


def test_model__with_an_estimator_is_set_as_in_scikit_learn():
    model = dr.DrugResponseModel(MedianOfDrugs(shift=1.0), folds=0)
    assert model.get_params()["learner__shift"] == 1.0
    copy = clone(model)
    assert copy.learner is not model.learner and copy.get_params()["learner__shift"] == 1.0
    predicted = copy.fit(*TABLES).predict(COHORT.genotypes)["prediction"]
    moved = copy.set_params(learner__shift=3.0).fit(*TABLES).predict(COHORT.genotypes)["prediction"]
    np.testing.assert_allclose(moved, predicted + 2.0)
    assert not hasattr(copy.learner, "median_")
    assert copy.manifest_["learner"] == "MedianOfDrugs"
    with pytest.raises(dr.InputError, match=r'^`learner__shift`: the learner is the name "ridge"'):
        dr.DrugResponseModel("ridge").set_params(learner__shift=1.0)
    with pytest.raises(dr.InputError, match=r"^`learner`: found dict \(expected a name or a PairRegressor\)"):
        dr.DrugResponseModel({}).fit(*TABLES)


def test_save__an_estimator_that_nobody_could_find_again(tmp_path):
    model = dr.DrugResponseModel(MedianOfDrugs(), folds=0).fit(*TABLES)
    message = r'^`learner`: MedianOfDrugs is registered nowhere .* NAME = "tests\.test_plugins:MedianOfDrugs" in the'
    with pytest.raises(dr.InputError, match=message):
        model.save(tmp_path / "model.safetensors")
    assert not list(tmp_path.iterdir())


def test_save__an_estimator_of_this_package_with_its_own_parameters(tmp_path):
    model = dr.DrugResponseModel(FactorRidge(rank=1, random_state=7), "random-pairs", folds=0).fit(*TABLES)
    assert model.regressor_.get_params() == {"scheme": "random-pairs", "rank": 1, "random_state": 7}
    assert model.manifest_["learner"] == "ridge"
    assert model.manifest_["learner_parameters"] == {"rank": 1, "random_state": 7}
    model.save(tmp_path / "model.safetensors")
    loaded = dr.load_model(tmp_path / "model.safetensors")
    assert loaded.learner.get_params() == model.regressor_.get_params() == loaded.regressor_.get_params()
    assert loaded.predict(COHORT.genotypes).equals(model.predict(COHORT.genotypes))
    explained = dr.explain(loaded, *TABLES, refits=2)
    assert explained.refit_learner == "ridge"


def test_save__a_parameter_that_no_file_can_hold(installed, tmp_path):
    model = dr.DrugResponseModel(installed.PlainRidge(penalty=np.float64(2.0)), folds=0).fit(*TABLES)
    model.save(tmp_path / "model.safetensors")
    assert dr.load_model(tmp_path / "model.safetensors", allow=["plain-ridge"]).learner.penalty == 2.0
    model.regressor_.means_ = {1: object()}
    with pytest.raises(dr.InputError, match=r"^`learner`: a file cannot hold what the `get_state` of PlainRidge gives"):
        model.save(tmp_path / "again.safetensors")
    model.set_params(learner__penalty=np.ones(1)).fit(*TABLES)
    with pytest.raises(dr.InputError, match=r"^`learner__penalty`: found ndarray \(expected a number"):
        model.save(tmp_path / "again.safetensors")


def test_page__shows_what_stands_in_the_plug_in():
    here = Path(__file__).parent / "plugin"
    page = (PACKAGE / "docs" / "extending.md").read_text(encoding="utf-8")
    written = {"toml": list(here.rglob("*.toml")), "python": list(here.rglob("*.py"))}
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(blocks) == 4
    for language, block in blocks:
        files = [file.read_text(encoding="utf-8") for file in written[language]]
        assert any(set(block.splitlines()) <= set(text.splitlines()) for text in files)

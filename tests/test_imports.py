"""Rules of the house that no linter knows: what is imported when, and what may stand in a module."""

from __future__ import annotations

import ast
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import drugresponse

PACKAGE = Path(drugresponse.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
READING = {"cyvcf2", "bed_reader", "pgenlib", "h5py", "anndata"}
OPTIONAL = READING | {"torch", "xgboost", "rdkit", "matplotlib", "galaxyxml", "jinja2", "python_calamine", "shtab"}
HEAVY = OPTIONAL | {"sklearn", "pandas", "numpy", "scipy", "pyarrow"}
UNSAFE = ("pickle", "dill", "cloudpickle", "shelve", "marshal")
TOP = {
    *(".ci", ".gitignore", ".planemo.yml", "CHANGELOG.md", "CITATION.cff", "CONTRIBUTING.md", "LICENSE", "Makefile"),
    *("README.md", "SECURITY.md", "benchmarks", "constraints.txt", "data_managers", "docs", "drugresponse"),
    *("packaging", "pyproject.toml", "setup.cfg", "test-data", "tests", "tools"),
}
EVERY = pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())


def run_fresh(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded_after(code: str) -> set[str]:
    """Packages that a fresh process has loaded after this code."""
    return set(run_fresh(f"{code}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})").split())


def test_top_level__holds_no_leftovers():
    top = PACKAGE.parent
    if not (top / ".git").exists() or shutil.which("git") is None:
        pytest.skip("no checkout of git")
    listed = subprocess.run(["git", "-C", top, "ls-files"], capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip(listed.stderr)
    assert {name.split("/")[0] for name in listed.stdout.splitlines()} == TOP


def test_import__is_light():
    assert loaded_after("import drugresponse, drugresponse.errors").isdisjoint(HEAVY)


def test_import__public_names_without_heavy_packages():
    reached = "import drugresponse as dr\nfor name in dr.__all__: getattr(dr, name)"
    assert loaded_after(reached).isdisjoint(OPTIONAL)


def test_import__readers_need_no_learning_library():
    assert loaded_after("import drugresponse.readers.genotypes").isdisjoint({"sklearn", "torch", "xgboost"})


def test_import__prediction_of_a_neural_model_needs_no_torch(tmp_path):
    cohort = drugresponse.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    model = drugresponse.DrugResponseModel("neural", folds=0, epochs=3, rank=2, n_jobs=1)
    model.fit(cohort.genotypes, cohort.responses, drugs=cohort.drugs).save(tmp_path / "model")
    loaded = loaded_after(
        "import drugresponse as dr, numpy as np, pandas as pd\n"
        f"model = dr.load_model({str(tmp_path / 'model')!r})\n"
        f"table = pd.DataFrame(0.0, index=['new'], columns={list(cohort.genotypes.features.index)!r})\n"
        "assert np.isfinite(model.predict(table)['prediction']).all()"
    )
    assert "safetensors" in loaded
    assert loaded.isdisjoint({"torch", "xgboost", "matplotlib"})


def test_public_names__exist_and_are_documented():
    for name in drugresponse.__all__:
        found = getattr(drugresponse, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            assert inspect.getdoc(found), name
        if inspect.isfunction(found):
            assert ">>> " in inspect.getdoc(found), f"{name} has an example"
    assert dir(drugresponse) == sorted(drugresponse.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'absent'"):
        drugresponse.absent  # noqa: B018


@EVERY
def test_module__names_in_all_exist(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    listed: list[str] = []
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                listed = ast.literal_eval(value)
            case ast.Name(id=name, ctx=ast.Store()):
                defined.add(name)
            case ast.ImportFrom(names=names) | ast.Import(names=names):
                defined |= {(each.asname or each.name).split(".")[0] for each in names}
    assert set(listed) <= defined


@EVERY
def test_module__keeps_the_rules_of_the_house(path):
    text = path.read_text(encoding="utf-8")
    # 300 are a sign that a module holds two ideas; one idea may take some more, and the manual of the public class most
    assert len(text.splitlines()) <= (600 if path.match("model/model.py") else 400)
    assert path.stem not in ("utils", "util", "helpers", "helper", "common", "misc")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module says what it is for"
    for node in ast.walk(tree):
        assert not isinstance(node, ast.Assert), f"assert, line {node.lineno}"
        match node:
            case ast.Call(func=ast.Name(id="print" | "eval" | "exec" | "compile" as name)):
                allowed = name == "print" and path.stem in ("cli", "__main__")
                assert allowed, f"{name}, line {node.lineno}"
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch" | "joblib"), attr="load")):
                pytest.fail(f"a file is read by pickle, line {node.lineno}")
            case ast.Call(keywords=keywords):
                unsafe = [
                    each for each in keywords if each.arg == "allow_pickle" and getattr(each.value, "value", True)
                ]
                assert not unsafe, f"allow_pickle, line {node.lineno}"
            case ast.Import(names=names):
                imported = {each.name.split(".")[0] for each in names}
                assert imported.isdisjoint(UNSAFE)
            case ast.ImportFrom(module=module):
                assert (module or "").split(".")[0] not in UNSAFE


MOST_PARAMETERS = 12


def is_public(name: str, module: str) -> bool:
    return name in drugresponse.__all__ and getattr(drugresponse, name).__module__ == module


@EVERY
def test_functions__take_no_more_parameters_than_one_can_read(path):
    """Settings go through the rooms as objects; Python's public functions and constructors name each of theirs."""
    module = ".".join(["drugresponse", *path.relative_to(PACKAGE).with_suffix("").parts])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name != "__init__" and not is_public(node.name, module):
            taken = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            assert len(taken) <= MOST_PARAMETERS, f"{node.name}, line {node.lineno}, takes {len(taken)}"


ROOMS = sorted(path.parent for path in PACKAGE.rglob("__init__.py") if path.parent != PACKAGE)
LARGEST_ROOM = 16


def imported_modules(path: Path) -> set[str]:
    """Dotted names that a module's import statements name, those for type checking too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            names |= {name.name for name in node.names}
    return names


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(PACKAGE).as_posix())
def test_room__is_small_enough_to_be_read(room):
    # the pages wait for their templates
    if room != PACKAGE / "report":
        assert len(list(room.glob("*.py"))) <= LARGEST_ROOM


def test_rooms__private_modules_are_imported_in_their_room_alone():
    for path in MODULES:
        room = ".".join(["drugresponse", *path.parent.relative_to(PACKAGE).parts])
        for name in imported_modules(path):
            owner, _, module = name.rpartition(".")
            is_module = (PACKAGE.parent / (name.replace(".", "/") + ".py")).exists()
            assert not (is_module and module.startswith("_") and owner != room), f"{path}: {name}"


def test_tests__mirror_the_rooms():
    tests = Path(__file__).parent
    rooms = {room.relative_to(PACKAGE) for room in ROOMS}
    others = {Path("benchmarks"), Path("galaxy"), Path("plugin")}
    for folder in {path.parent.relative_to(tests) for path in tests.rglob("test_*.py")} - {Path()}:
        assert folder in rooms or Path(folder.parts[0]) in others, folder

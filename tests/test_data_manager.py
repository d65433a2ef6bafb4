"""The data manager that installs models, and the table from which the tools offer them; checked without a server."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

import drugresponse as dr
from drugresponse.galaxy._installed import TABLE
from drugresponse.model.file import FORMAT
from drugresponse.settings import DescribeSettings
from drugresponse.workflows import describe
from tests.galaxy_tools import ROOT, TEST_DATA, ignoring_open_files

FOLDER = ROOT / "data_managers" / "data_manager_drugresponse_models"
TOOL = FOLDER / "data_manager" / "data_manager_drugresponse_models.xml"
SCRIPT = FOLDER / "data_manager" / "install_model.py"
EXAMPLE = FOLDER / "data_manager" / "simulated_cell_lines.safetensors"
MODEL = TEST_DATA / "models" / "format-1" / "auto.safetensors"
COLUMNS = ["value", "name", "format", "sha256", "path"]
CHECKSUM = hashlib.sha256(MODEL.read_bytes()).hexdigest()


@dataclass(frozen=True)
class GalaxyDataset:
    """What Galaxy hands over when the job has ended."""

    file: Path
    extra_files_path: str
    ext: str = "data_manager_json"

    def get_file_name(self, sync_cache: bool = True) -> str:
        return str(self.file)

    def extra_files_path_exists(self) -> bool:
        return Path(self.extra_files_path).is_dir()


def install(
    folder: Path, model: Path = MODEL, individuals: bool = True, **options: str
) -> tuple[subprocess.CompletedProcess[str], GalaxyDataset]:
    """Run the script as the tool does, with a Python that has nothing but the standard library."""
    description, row = folder / "description.json", folder / "row.json"
    description.write_text(describe(DescribeSettings(model=model, json=True)), encoding="utf-8")
    given = {"model": str(model), "description": str(description), "folder": str(folder / "files"), "row": str(row)}
    words = [f"--{name}={value}" for name, value in (given | {"name": "Cell lines, 22 drugs"} | options).items()]
    words += ["--individuals"] * individuals
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPT), *words], capture_output=True, text=True, timeout=60, check=False
    )
    return done, GalaxyDataset(row, str(folder / "files"))


def rows_in(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("checksum", ["", CHECKSUM, f" {CHECKSUM.upper()} "])
def test_install__writes_the_row_and_copies_the_file(tmp_path, checksum):
    done, output = install(tmp_path, sha256=checksum)
    assert (done.returncode, done.stderr) == (0, "")
    (row,) = json.loads(output.file.read_text(encoding="utf-8"))["data_tables"][TABLE]
    value = f"cell_lines_22_drugs_{CHECKSUM[:12]}"
    assert list(row) == sorted(COLUMNS)
    assert row == {
        "value": value,
        "name": "Cell lines, 22 drugs",
        "format": str(FORMAT),
        "sha256": CHECKSUM,
        "path": f"{value}.safetensors",
    }
    assert (tmp_path / "files" / row["path"]).read_bytes() == MODEL.read_bytes()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sha256": "0" * 64}, f"checksum: the file's is {CHECKSUM} ({'0' * 64} expected)"),
        ({"name": "(...)"}, "name: found"),
    ],
)
def test_install__refuses(tmp_path, options, message):
    done, output = install(tmp_path, **options)
    assert done.returncode == 2
    assert done.stderr.startswith("install_model: error: ")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not output.file.exists()
    assert not output.extra_files_path_exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("ridge", "hashes of the training samples' ids"), ("pair_ridge", "an effect for each training sample")],
)
def test_install__a_model_that_tells_of_individuals_only_on_purpose(tmp_path, name, message):
    model = MODEL.with_stem(name)
    done, output = install(tmp_path, model, individuals=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"install_model: error: model: found {message} (expected none" in done.stderr
    assert not output.extra_files_path_exists()
    done, _ = install(tmp_path, model)
    assert (done.returncode, done.stderr) == (0, "")


def test_install__a_model_that_has_forgotten_its_samples(tmp_path):
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=0, forget_samples=True).fit(cohort.genotypes, cohort.responses)
    model.save(tmp_path / "model.safetensors")
    done, _ = install(tmp_path, tmp_path / "model.safetensors", individuals=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_install__a_name_leads_to_no_other_folder(tmp_path):
    done, output = install(tmp_path, name="../../x\ty; $(touch z)")
    assert done.returncode == 0
    (row,) = json.loads(output.file.read_text(encoding="utf-8"))["data_tables"][TABLE]
    assert row["path"] == f"x_y_touch_z_{CHECKSUM[:12]}.safetensors"
    assert "\t" not in row["name"]
    assert [path.name for path in (tmp_path / "files").iterdir()] == [row["path"]]


@ignoring_open_files
def test_galaxy__enters_the_model_in_its_table(tmp_path):
    """Galaxy's own code moves the file and writes the row, as it does when the job has ended."""
    data = pytest.importorskip("galaxy.tool_util.data")
    models = pytest.importorskip("galaxy.tool_util.data.bundles.models")
    table = tmp_path / "tool-data" / f"{TABLE}.loc"
    table.parent.mkdir()
    table.touch()
    tables = data.ToolDataTableManager(
        str(table.parent), config_filename=str(FOLDER / "tool_data_table_conf.xml.sample")
    )
    done, output = install(tmp_path)
    assert done.returncode == 0
    manager = etree.parse(str(FOLDER / "data_manager_conf.xml")).find("data_manager")
    options = data.BundleProcessingOptions("test", str(tmp_path / "installed"), "", str(table))
    changed = tables.process_bundle({"installed": output}, models.convert_data_tables_xml(manager), None, options)
    assert changed == [TABLE]
    row = dict(zip(COLUMNS, rows_in(table)[0], strict=True))
    assert row["path"] == str(tmp_path / "installed" / "drugresponse_models" / f"{row['value']}.safetensors")
    assert Path(row["path"]).read_bytes() == MODEL.read_bytes()


def test_tool__runs_what_is_there():
    root = etree.parse(str(TOOL)).getroot()
    assert root.get("tool_type") == "manage_data"
    assert [each.get("path") for each in root.iterfind("required_files/include")] == [SCRIPT.name, EXAMPLE.name]
    command = root.findtext("command")
    assert f"python '$__tool_directory__/{SCRIPT.name}'" in command
    # a file is described, and so refused when it is not a model, before it is installed
    assert command.index("drugresponse describe") < command.index(SCRIPT.name)
    assert [each.get("format") for each in root.iterfind("outputs/data")] == ["data_manager_json"]
    manager = etree.parse(str(FOLDER / "data_manager_conf.xml")).find("data_manager")
    assert (FOLDER / manager.get("tool_file")).samefile(TOOL)
    assert manager.find("data_table").get("name") == TABLE
    assert [each.get("name") for each in manager.iterfind("data_table/output/column")] == COLUMNS


def test_example__is_a_model_of_simulated_cell_lines_with_its_card(tmp_path):
    assert EXAMPLE.read_bytes() == (TEST_DATA / "cell_lines" / "model.safetensors").read_bytes()
    card = tmp_path / "card.md"
    describe(DescribeSettings(model=TEST_DATA / "cell_lines" / "model.safetensors", card=card))
    assert EXAMPLE.with_suffix(".md").read_text(encoding="utf-8") == card.read_text(encoding="utf-8")
    done, _ = install(tmp_path, EXAMPLE, name="Example: simulated cell lines")
    assert (done.returncode, done.stderr) == (0, "")


def test_tool__has_the_macros_of_the_suite():
    assert str((FOLDER / "data_manager" / "macros.xml").readlink()) == "../../../tools/macros.xml"


@ignoring_open_files
def test_tool__lint_and_cases():
    lint = pytest.importorskip("galaxy.tool_util.lint")
    parser = pytest.importorskip("galaxy.tool_util.parser")
    parameters = pytest.importorskip("galaxy.tool_util.parameters")
    source = parser.get_tool_source(str(TOOL))
    context = lint.get_lint_context_for_tool_source(source)
    assert [str(each) for each in context.error_messages + context.warn_messages] == []
    assert [each.validation_error for each in parameters.validate_test_cases_for_tool_source(source)] == [None] * 7
    cases = etree.parse(str(TOOL)).getroot().findall("tests/test")
    assert [each.get("expect_exit_code") for each in cases] == [None, None, None, "2", "2", "3", "3"]
    assert CHECKSUM in [each.get("value") for each in cases[0].iter("param")]


@pytest.mark.parametrize("folder", [ROOT / "tools", FOLDER], ids=["tools", "data manager"])
def test_table__is_declared_the_same_everywhere(folder):
    for name in ("tool_data_table_conf.xml.sample", "tool_data_table_conf.xml.test"):
        (table,) = etree.parse(str(folder / name)).iterfind("table")
        assert table.get("name") == TABLE
        assert table.findtext("columns").split(", ") == COLUMNS
        location = table.find("file").get("path").replace("${__HERE__}", str(folder))
        if name.endswith("test"):
            assert Path(location).is_file()
    sample = folder / "tool-data" / f"{TABLE}.loc.sample"
    assert sample.read_text(encoding="utf-8") == (ROOT / "tools" / "tool-data" / sample.name).read_text(
        encoding="utf-8"
    )
    assert rows_in(sample) == []


def test_table__of_the_tests_names_a_model_that_is_there():
    (row,) = rows_in(TEST_DATA / f"{TABLE}.loc")
    value, _, number, checksum, path = row
    assert path.startswith("${__HERE__}/")
    assert (TEST_DATA / path.removeprefix("${__HERE__}/")).samefile(MODEL)
    assert (number, checksum) == (str(FORMAT), CHECKSUM)
    chosen = [
        param.get("value")
        for tool in ("predict", "adapt", "describe")
        for param in etree.parse(str(ROOT / "tools" / f"drugresponse_{tool}.xml")).iterfind("tests//param")
        if param.get("name") == "installed"
    ]
    assert chosen == [value] * 3

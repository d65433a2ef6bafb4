"""What administrators are given: their page, the suite's description for the Tool Shed, and the drafts of packages."""

from __future__ import annotations

import itertools
import json
import re
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from drugresponse.cli import main
from drugresponse.version import __version__
from tests.galaxy_tools import ROOT, TOOLS, each_tool, ignoring_open_files, read

PAGE = (ROOT / "docs" / "galaxy-admin.md").read_text(encoding="utf-8")
MANAGER = ROOT / "data_managers" / "data_manager_drugresponse_models"
SHED_FILES = [ROOT / "tools" / ".shed.yml", MANAGER / ".shed.yml"]
each_shed_file = pytest.mark.parametrize("path", SHED_FILES, ids=["tools", "data manager"])
CATEGORIES = {"Data Managers", "Machine Learning", "Statistics", "Variant Analysis"}
CONDA_NAMES = {"matplotlib": "matplotlib-base", "torch": "pytorch", "xgboost": "py-xgboost"}


def yaml_parts() -> list[dict]:
    return [yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]


def test_page__names_every_tool():
    (named,) = re.findall(r"`drugresponse_` and: (.+?)\.", PAGE, re.DOTALL)
    assert sorted(re.split(r",\s+", named)) == sorted(TOOLS)
    assert PAGE.startswith("# For Galaxy administrators\n\nThe suite has ten tools")


def test_page__allows_the_tools_that_write_a_report():
    allowed = re.findall(r"^TOOLSHED/repos/not-released/(drugresponse_\w+)/(drugresponse_\w+)$", PAGE, re.MULTILINE)
    assert all(first == second for first, second in allowed)
    writers = {name for name in TOOLS if read(name).find("outputs/data[@format='html']") is not None}
    assert {first.removeprefix("drugresponse_") for first, _ in allowed} == writers


ENTRIES = ROOT / "packaging" / "tpv" / "tools.yml"
BY_SIZE = r"min\(max\(1 \+ (\d+) \* (cores \* )?input_size, (\d+)\), (\d+)\)"


def memory_of(entry: dict, input_size: float) -> float:
    """GB for inputs of so many GB, as an entry asks for them."""
    if isinstance(entry["mem"], int):
        return entry["mem"]
    each, by_cores, least, most = re.fullmatch(BY_SIZE, entry["mem"]).groups()
    return min(max(1 + int(each) * (entry["cores"] if by_cores else 1) * input_size, int(least)), int(most))


@pytest.mark.parametrize("tool", [*(f"drugresponse_{name}" for name in TOOLS), "data_manager_drugresponse_models"])
def test_entries__every_tool_has_cores_and_memory_once(tool):
    rules = yaml.safe_load(ENTRIES.read_text(encoding="utf-8"))["tools"]
    address = f"toolshed.g2.bx.psu.edu/repos/not-released/{tool}/{tool}/0.1.0+galaxy0"
    (entry,) = (needs for pattern, needs in rules.items() if re.fullmatch(pattern, address))
    entry = rules.get(entry.get("inherits"), {}) | entry
    small, large = (memory_of(entry, size) for size in (0.001, 0.04))
    assert entry["cores"] >= 1
    assert 2 <= small <= large <= 8
    # what auto was estimated to need with so many threads, of a table of 40 MB
    assert tool != "drugresponse_train" or (entry["cores"] == 4 and large > 6.1)


@pytest.mark.parametrize("kind", ["docker", "singularity"])
def test_page__the_device_reaches_a_container(kind, tmp_path):
    """Galaxy's own code makes the command of a container from the environment that the page names."""
    containers = pytest.importorskip("galaxy.tool_util.deps.container_classes")
    facts = pytest.importorskip("galaxy.tool_util.deps.dependencies")
    (places,) = (part["execution"]["environments"] for part in yaml_parts() if "cuda" in str(part.get("execution")))
    (place,) = (each for each in places.values() if each.get(f"{kind}_enabled"))
    app = facts.AppInfo(container_image_cache_path=str(tmp_path), default_file_path=str(tmp_path))
    job = facts.JobInfo(*[str(tmp_path)] * 5, "galaxy")
    made_by, tool = containers.CONTAINER_CLASSES[kind], facts.ToolInfo(profile=25.1)
    container = made_by("drugresponse:0.1.0", app, tool, place, job, None)
    command = container.containerize_command("drugresponse train")
    assert re.search(r"GALAXY_DRUGRESPONSE_DEVICE=.?cuda", command)
    assert place[f"{kind}_run_extra_arguments"] in command
    assert "GALAXY_SLOTS" in command
    assert "GALAXY_MEMORY_MB" in command


def test_page__job_configuration_hangs_together():
    (jobs,) = (part for part in yaml_parts() if "tools" in part and "execution" in part)
    environments = jobs["execution"]["environments"]
    assert {each["id"].removeprefix("drugresponse_") for each in jobs["tools"]} <= set(TOOLS)
    assert {each["environment"] for each in jobs["tools"]} <= set(environments)
    for environment in environments.values():
        (memory,) = (int(each["value"]) for each in environment["env"] if each["name"] == "GALAXY_MEMORY_MB")
        assert environment["native_specification"].endswith(f"--mem={memory}")
        assert all(each["environment"] in environments for each in environment.get("resubmit", ()))


def test_page__variables_are_those_that_the_program_reads():
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "drugresponse").rglob("*.py"))
    for variable in set(re.findall(r"GALAXY_\w+", PAGE)) - {"GALAXY_TEST_FILE_DIR"}:
        assert variable in source, variable


def test_page__files_exist():
    for name in re.findall(r"`((?:packaging|tools|tests|data_managers)/[^`* ]*)`", PAGE):
        assert (ROOT / name).exists(), name
    for name in re.findall(r"\]\((?!https?:|#)([^)#]+)", PAGE):
        assert (ROOT / "docs" / name).is_file(), name


@each_shed_file
def test_shed_file__is_complete(path):
    shed = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert set(shed["categories"]) <= CATEGORIES
    assert shed["name"] == path.parent.name or path.parent.name == "tools"
    # the Tool Shed shows the short one in a list
    assert len(shed["description"]) <= 80
    assert shed["long_description"].strip()


def included(path: Path) -> dict[str, list]:
    """What goes into each repository that a file describes."""
    shed = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: each["include"] for name, each in shed.get("repositories", {shed["name"]: shed}).items()}


@each_shed_file
def test_shed_file__includes_files_that_exist(path):
    for each in itertools.chain.from_iterable(included(path).values()):
        sources = [each] if isinstance(each, str) else each["source"]
        for source in [sources] if isinstance(sources, str) else sources:
            base, pattern = path.parent, source
            while pattern.startswith("../"):
                base, pattern = base.parent, pattern.removeprefix("../")
            assert any(base.glob(pattern)), source
            if not isinstance(each, str) and "strip_components" in each:
                # what is left of the path lies in the repository's test-data, as the cases name it
                assert Path(source).parts[each["strip_components"] - 1] == "test-data"
                assert each["destination"] == "test-data/"


def test_shed_file__takes_along_the_table_of_models():
    for name, include in included(SHED_FILES[0]).items():
        table = {"tool_data_table_conf.xml.sample", "tool-data/drugresponse_models.loc.sample"}
        offers = "installed" in {each.get("name") for each in read(name.removeprefix("drugresponse_")).iter("param")}
        assert table & {each for each in include if isinstance(each, str)} == (table if offers else set())


def test_shed_file__has_a_repository_for_each_tool():
    assert sorted(included(SHED_FILES[0])) == sorted(f"drugresponse_{name}" for name in TOOLS)


def test_shed_file__defines_the_suite():
    suite = yaml.safe_load(SHED_FILES[0].read_text(encoding="utf-8"))["suite"]
    assert suite["name"].startswith("suite_")
    assert suite["type"] == "repository_suite_definition"
    named = re.split(r", | and ", suite["long_description"].split(": ")[0].lower())
    assert sorted(named) == sorted(TOOLS)


@each_tool
def test_tool__takes_its_metadata_from_the_macros(name):
    root = read(name)
    assert {"creator", "requirements", "citations"} <= {each.get("macro") for each in root.iter("expand")}
    assert not root.findall("citations") and not root.findall("requirements")


def recipe() -> dict:
    text = (ROOT / "packaging" / "bioconda" / "meta.yaml").read_text(encoding="utf-8")
    variables = dict(re.findall(r'\{% set (\w+) = "([^"]+)" %\}', text))
    lines = [line for line in text.splitlines() if not line.startswith("{%")]
    filled = re.sub(r"\{\{ (\w+) \}\}", lambda match: variables.get(match[1], match[1]), "\n".join(lines))
    return yaml.safe_load(re.sub(r"\{\{ (.+?) \}\}", lambda match: repr(match[1].replace("'", "")), filled))


def test_recipe__needs_what_the_package_needs():
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    needed = [re.fullmatch(r"([\w-]+)(.*)", line).groups() for line in setup["options"]["install_requires"].split()]
    expected = {CONDA_NAMES.get(name.lower(), name.lower()): version for name, version in needed}
    python = setup["options"]["python_requires"]
    written = dict(line.split(" ") for line in recipe()["requirements"]["run"])
    assert written == expected | {"python": python}
    assert recipe()["build"]["entry_points"] == [setup["options.entry_points"]["console_scripts"].strip()]


def test_recipe__is_of_this_version():
    assert recipe()["package"] == {"name": "drugresponse", "version": __version__}
    assert (ROOT / recipe()["about"]["license_file"]).is_file()


def test_recipe__commands_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    commands = [each.split() for each in recipe()["test"]["commands"]]
    assert {each[0] for each in commands} == {"drugresponse"}
    (simulate,) = (each[1:] for each in commands if "simulate" in each)
    assert main(simulate) == 0
    assert (tmp_path / "cohort" / "genotypes.tsv").is_file()


def test_dockerfile__copies_what_there_is_and_gives_up_root():
    text = (ROOT / "packaging" / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    for line in lines:
        if line.startswith("COPY "):
            assert all((ROOT / each).exists() for each in line.split()[1:-1]), line
    words = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert words[0] == "FROM"
    assert set(words) <= {"FROM", "RUN", "ARG", "WORKDIR", "COPY", "USER", "CMD"}
    assert words.index("USER") > max(number for number, word in enumerate(words) if word == "RUN")
    assert f"drugresponse:{__version__}" in text
    assert f"drugresponse:{__version__}" in PAGE
    assert ":latest" not in text


def test_drafts__say_where_nothing_is_released():
    """Nothing stands for an address or an account that is not there, and one page lists what is to be filled in."""
    page = (ROOT / "packaging" / "README.md").read_text(encoding="utf-8")
    listed = {
        file: set(re.findall(r"`(NOT-RELEASED|not-released)`", rest))
        for file, rest in re.findall(r"^\| `(.+?)` \|(.+)", page, re.M)
    }
    texts = {
        str(path.relative_to(ROOT)): path.read_text(encoding="utf-8")
        for folder in ("packaging", "tools", "data_managers", "docs")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".md", ".yml", ".yaml", ".json", ".xml") and path != ROOT / "packaging" / "README.md"
    }
    assert set(listed) <= {*texts, "CITATION.cff"}
    for file, text in texts.items():
        marks = set(re.findall(r"NOT-RELEASED|not-released", text))
        assert marks == listed.get(file, set()), file
        assert not re.search(r"github\.com/drugresponse|zenodo\.org/record|0{64}(?!\"/>)", text), file


@ignoring_open_files
def test_biotools__terms_are_those_of_edam():
    edam = pytest.importorskip("galaxy.tool_util.edam_util").load_edam_tree(None)
    entry = json.loads((ROOT / "packaging" / "biotools" / "drugresponse.json").read_text(encoding="utf-8"))
    assert entry["version"] == [__version__]
    assert 10 <= len(entry["description"]) <= 1000
    named = re.findall(r"\{'uri': '[^']+/(\w+)', 'term': '([^']+)'", str(entry))
    assert len(named) >= 8
    for term, label in named:
        assert edam[term]["label"] == label

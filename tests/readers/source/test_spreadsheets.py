"""Sheets of workbooks: the same table as in text, in every role; what a spreadsheet alters is told of or refused."""

from __future__ import annotations

import datetime
import io
import logging
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import openpyxl
import pytest

from drugresponse.errors import InputError, MemoryLimitError
from drugresponse.readers import read_doses, read_drugs, read_genotypes, read_responses, read_samples
from drugresponse.readers.source.source import Source
from drugresponse.readers.tables.text_tables import read_table
from drugresponse.settings import PredictSettings, input_files

Rows = Sequence[Sequence[object]]
RESPONSES: Rows = [["sample_id", "drug_id", "response"], ["007", "D1", 1.5], ["S2", "D1", 2], ["S3", "D1", None]]


def workbook(file: Path, rows: Rows, change: Callable[[openpyxl.worksheet.worksheet.Worksheet], None] = id) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "responses"
    for row in rows:
        sheet.append(row)
    change(sheet)
    book.save(file)
    return file


def open_document(file: Path, rows: Rows) -> Path:
    def cell(value: object) -> str:
        if value is None:
            return "<table:table-cell/>"
        kind = f'float" office:value="{value}' if isinstance(value, int | float) else "string"
        return f'<table:table-cell office:value-type="{kind}"><text:p>{escape(str(value))}</text:p></table:table-cell>'

    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    table = f'<table:table table:name="responses">{lines}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    with zipfile.ZipFile(file, "w") as book:
        book.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        book.writestr("META-INF/manifest.xml", manifest)
        book.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")
    return file


@pytest.fixture
def dat(tmp_path: Path) -> Path:
    return tmp_path / "dataset_1.dat"


def test_read_table__every_kind_of_workbook_gives_the_same(dat):
    wanted = {"sample_id": ["007", "S2", "S3"], "drug_id": ["D1"] * 3, "response": ["1.5", "2", ""]}
    makers = (
        lambda: workbook(dat, RESPONSES),
        lambda: open_document(dat, RESPONSES),
        lambda: shutil.copy(Path(__file__).with_name("responses.xls"), dat),
    )
    for make in makers:
        make()
        assert read_table(dat).to_dict("list") == wanted


def test_readers__a_sheet_is_a_table_in_every_role(dat):
    assert read_responses(workbook(dat, RESPONSES)).table["response"].tolist() == [1.5, 2.0]
    assert read_samples(workbook(dat, [["sample_id", "age"], ["S1", "1,5"], ["S2", 40]]))["age"].tolist() == [
        "1.5",
        "40",
    ]
    assert read_drugs(workbook(dat, [["drug_id", "smiles"], ["D1", "C#N"]])).loc["D1", "smiles"] == "C#N"
    doses = [["sample_id", "drug_id", "dose", "response"], *(["S1", "D1", dose, 1 / dose] for dose in (1, 2, 4))]
    assert read_doses(workbook(dat, doses)).table["dose"].tolist() == [1.0, 2.0, 4.0]
    matrix = read_genotypes(workbook(dat, [["sample_id", "TP53", "KRAS"], ["S1", 1, None], ["S2", 0, 1]]))
    assert dict(zip(matrix.features.index, matrix.n_missing().tolist(), strict=True)) == {"TP53": 0, "KRAS": 1}
    alterations = [
        ["Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification"],
        ["TP53", "S1", "Missense_Mutation"],
    ]
    assert read_genotypes(workbook(dat, alterations)).features["gene"].unique().tolist() == ["TP53"]


def test_source__sheet_by_name_or_number(tmp_path, caplog):
    def more(sheet):
        sheet.parent.create_sheet("Samples").append(["sample_id", "tissue"])
        sheet.parent["Samples"].append(["S1", "lung"])
        sheet.parent.create_sheet("old").append(["x", "y"])
        sheet.parent["old"].append([1, 2])
        sheet.parent["old"].sheet_state = "hidden"

    file = workbook(tmp_path / "study.xlsx", RESPONSES, more)
    with caplog.at_level(logging.INFO):
        assert list(read_table(file)) == RESPONSES[0]
    assert (
        "study.xlsx#responses: the first of 2 sheets is read; another is given after its mark, as in FILE#Samples."
        in (caplog.text)
    )
    caplog.clear()
    for name in ("Samples", "samples", "2"):
        assert list(read_table(f"{file}#{name}")) == ["sample_id", "tissue"]
    assert not caplog.messages
    assert Source(file).sha256 == Source(f"{file}#responses").sha256 != Source(f"{file}#Samples").sha256
    assert list(read_table(f"{file}#old")) == ["x", "y"]
    assert "study.xlsx#old: the sheet is hidden." in caplog.text
    with pytest.raises(InputError, match=r'study\.xlsx#sample: found no sheet "sample"\. Did you mean "Samples"'):
        read_table(f"{file}#sample")
    text = tmp_path / "table.tsv"
    text.write_text("a\tb\n1\t2\n")
    with pytest.raises(InputError, match=r"table\.tsv#1: the file is no workbook"):
        read_table(f"{text}#1")
    (tmp_path / "a#b.tsv").write_text("a\tb\n1\t2\n")
    assert Source(tmp_path / "a#b.tsv").sheet == ""


NOTES: Sequence[Rows] = (
    [["A study"], ["Measured in 2023"]],
    [["Sheet", "Content"], ["MIC", "by broth dilution"]],
    [["A study"], ["author", "A"]],
)


@pytest.mark.parametrize("notes", NOTES)
def test_readers__a_workbook_that_begins_with_notes_names_its_other_sheets(tmp_path, notes):
    def more(sheet):
        sheet.title = "README"
        for name in ("MIC", "genes"):
            sheet.parent.create_sheet(name)
            for row in RESPONSES:
                sheet.parent[name].append(row)

    file = workbook(tmp_path / "study.xlsx", notes, more)
    for read in (read_responses, read_samples, read_drugs, read_doses, read_genotypes):
        with pytest.raises(InputError, match=r"Its first sheet was read; .* study\.xlsx#MIC, study\.xlsx#genes\."):
            read(file)
    assert len(read_responses(f"{file}#MIC")) == 2
    with pytest.raises(InputError, match=r'no column "sample_id" .*`sample_column`\.$'):
        read_responses(workbook(tmp_path / "one.xlsx", [["Sheet", "Content"], ["MIC", "by broth dilution"]]))


def test_input_files__the_file_of_a_sheet_is_protected(tmp_path):
    file = workbook(tmp_path / "study.xlsx", RESPONSES)
    settings = PredictSettings(
        model=Path("m"), genotypes=[Path(f"{file}#1")], predictions=Path("out"), samples=Path(f"{file}#2")
    )
    assert input_files(settings).count(file) == 2


def test_spreadsheet__leading_rows_and_columns_are_passed_over_and_lines_keep_their_numbers(dat):
    def down(sheet):
        sheet.insert_rows(1, 3)
        sheet.insert_cols(1, 2)
        sheet["E6"] = "high"

    with pytest.raises(InputError, match='line 6, column "response": "high" is not a number'):
        read_responses(workbook(dat, RESPONSES, down))


def test_spreadsheet__numbers_dates_and_truth_as_they_are(dat):
    rows = [["sample_id", "share", "when", "flag", "big"], ["S1", 0.95, datetime.date(2020, 5, 1), True, 12345678901]]

    def percent(sheet):
        sheet["B2"].number_format = "0%"

    assert read_table(workbook(dat, rows, percent)).iloc[0].tolist() == [
        "S1",
        "0.95",
        "2020-05-01",
        "TRUE",
        "12345678901",
    ]


MARCH = datetime.datetime(2001, 3, 1)
ALTERED = (
    ([["gene", "S1"], [MARCH, 1]], 'cell A2, column "gene": found a date .*MARCH1.* Format the column as text'),
    ([["x", "symbol"], ["a", "TP53"], ["b", MARCH]], 'cell B3, column "symbol": found a date'),
    ([["sample_id", MARCH], ["S1", 1]], "cell B1: found a date as the name of a column .*MARCH1"),
    ([["Table S1"], ["S1", 1]], 'row 1: found "Table S1" alone in its row .* Delete the rows above'),
    ([[None, "BRAF"], ["S1", 1]], 'row 1: found "BRAF" alone in its row'),
    ([["sample_id", "response"], ["S1", "=1+1"]], "found 1 formula without a result, such as in B2"),
)


@pytest.mark.parametrize(("rows", "message"), ALTERED)
def test_spreadsheet__what_is_no_table_as_it_stands_is_refused(dat, rows, message):
    with pytest.raises(InputError, match=message):
        read_table(workbook(dat, rows))


def test_spreadsheet__lines_of_a_title_are_told_of_and_lines_keep_their_numbers(dat, caplog):
    title = [["Supplementary Table 1"], [], ["Values are ln IC50"], []]
    titled = workbook(dat, title + RESPONSES, lambda sheet: sheet.merge_cells("A1:C1"))
    assert read_table(titled).to_numpy().tolist() == [["007", "D1", "1.5"], ["S2", "D1", "2"], ["S3", "D1", ""]]
    assert '2 lines above the names of the columns, in row 5, left out: "Supplementary Table 1".' in caplog.messages[0]
    with pytest.raises(InputError, match='line 6, column "response": "high" is not a number'):
        read_responses(workbook(dat, [*title, RESPONSES[0], ["S1", "D1", "high"], ["S2", "D1", 2], ["S3", "D1", 3]]))


def test_spreadsheet__a_single_column_has_no_title(dat):
    assert read_table(workbook(dat, [["gene"], ["TP53"], ["BRAF"]]))["gene"].tolist() == ["TP53", "BRAF"]


def test_spreadsheet__merged_cells(dat):
    rows = [["sample_id", "drug_id", "response"], ["S1", "D1", 1], [None, "D2", 2]]
    with pytest.raises(InputError, match='found merged cells, "A2:A3"'):
        read_table(workbook(dat, rows, lambda sheet: sheet.merge_cells("A2:A3")))


def test_spreadsheet__what_may_have_been_altered_is_told(dat, caplog):
    def errors(sheet):
        sheet["C3"].value, sheet["C3"].data_type = "#N/A", "e"

    rows = [["sample_id", "visit", "response"], ["S1", "before", 1], [1e5, MARCH, 3]]
    assert read_table(workbook(dat, rows, errors))["response"].tolist() == ["1", ""]
    told = "\n".join(caplog.messages)
    assert "1 cell, such as C3, with the error of a formula (#N/A, #DIV/0! ...) count as missing" in told
    assert (
        'cell A3, column "sample_id": found a round number among words such as "S1". Where it was a name such as 1E5'
        in told
    )
    assert 'cell B3, column "visit": found a date among words such as "before"' in told


def test_spreadsheet__a_column_of_numbers_with_limits_and_words_for_missing_is_no_word(dat, caplog):
    read_table(workbook(dat, [["sample_id", "count"], ["S1", 20000], ["S2", "<=10"], ["S3", "n.a."], ["S4", "1,5"]]))
    assert not caplog.messages


def test_spreadsheet__damaged_or_empty(dat):
    whole = workbook(dat, RESPONSES).read_bytes()
    dat.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="begins like a workbook and cannot be read as one"):
        read_table(dat)
    document = io.BytesIO()
    with zipfile.ZipFile(document, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
    dat.write_bytes(document.getvalue())
    with pytest.raises(InputError, match="cannot be read as one"):
        read_table(dat)
    with pytest.raises(InputError, match="found no sheet that holds anything"):
        read_table(workbook(dat, []))


def test_spreadsheet__archive_that_asks_for_a_newer_program_is_no_workbook(dat):
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as book:
        book.writestr("customXml/item.xml", "<x/>")
        book.writestr("xl/workbook.xml", "<x/>")
    damaged = bytearray(archive.getvalue())
    damaged[damaged.index(b"PK\x01\x02") + 6] = 75  # the version that is needed to unpack it
    dat.write_bytes(damaged)
    with pytest.raises(InputError, match="this is a zip archive"):
        read_table(dat)


def test_spreadsheet__few_bytes_that_stand_for_terabytes(dat, monkeypatch):
    monkeypatch.setenv("GALAXY_MEMORY_MB", "8000")
    with pytest.raises(MemoryLimitError, match="its cells take more memory than is left"):
        read_table(workbook(dat, [["a", "b"]], lambda sheet: sheet.cell(1_048_576, 16_384, 1)))

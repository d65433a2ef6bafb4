from __future__ import annotations

import gzip
import logging

import pytest

from drugresponse.errors import InputError
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.genes.sets import GeneSet, read_gene_sets


def write(folder, text: str):
    file = folder / "sets.dat"
    file.write_text(text)
    return file


def test_read_gene_sets__names_descriptions_and_genes_once_each(tmp_path):
    file = write(tmp_path, "# made up\nRAS set\tR-1\tNRAS\tKRAS\tNRAS\t\n\nother\t\tTP53 \n")
    assert read_gene_sets(file) == (
        GeneSet("RAS set", "R-1", ("KRAS", "NRAS")),
        GeneSet("other", "", ("TP53",)),
    )


def test_read_gene_sets__packed_and_with_windows_line_ends(tmp_path):
    file = tmp_path / "sets.dat"
    file.write_bytes(gzip.compress(b"\xef\xbb\xbfa\tb\tX\tY\r\nc\td\tZ\r\n"))
    assert [(each.name, each.genes) for each in read_gene_sets(file)] == [("a", ("X", "Y")), ("c", ("Z",))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\tX\nRAS\tdescription\n", r'sets.dat, line 2: found "RAS" without genes .* tabs, as in a GMT file'),
        ("a\tb\tX\nRAS KRAS NRAS\n", r'line 2: found "RAS KRAS NRAS" without genes'),
        ("a\tb\tX\n\tb\tX\n", "line 2: found genes without the name of their set"),
        ("# nothing\n\n", "sets.dat: found no gene set"),
        ("a\tb\tX\nz\tb\tX\na\tb\tY\n", r'line 3: found the set "a" again with other genes than on line 1'),
    ],
)
def test_read_gene_sets__mistakes_name_the_line(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_gene_sets(write(tmp_path, text))


def test_read_gene_sets__repeats_count_once_and_equal_names_are_told_apart(tmp_path, caplog):
    file = write(tmp_path, "a\tR-1\tX\nb\t\tY\na\tR-1\tX\na\tR-2\tZ\n")
    with caplog.at_level(logging.WARNING):
        sets = read_gene_sets(file)
    assert [(each.name, each.genes) for each in sets] == [("a (R-1)", ("X",)), ("b", ("Y",)), ("a (R-2)", ("Z",))]
    assert "1 lines repeat a gene set" in caplog.text


def test_read_gene_sets__older_names_become_the_names_in_use(tmp_path):
    names = GeneNames({"MLL2": "KMT2D"}, {})
    assert read_gene_sets(write(tmp_path, "a\tb\tMLL2\tKMT2D\tTP53\n"), names)[0].genes == ("KMT2D", "TP53")

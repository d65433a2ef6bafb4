from __future__ import annotations

import gzip
import logging
import os
import struct
import zlib
from collections import Counter
from random import Random

import numpy as np
import pytest
from cyvcf2 import VCF, Writer

from drugresponse.data import stored_values
from drugresponse.errors import InputError
from drugresponse.readers import read_variants
from drugresponse.readers.variants import sparse_calls
from drugresponse.readers.variants.regions import read_regions
from drugresponse.readers.variants.site_filter import SiteFilter
from drugresponse.readers.vcf import _tabix as tabix
from drugresponse.readers.vcf import lines as vcf_lines
from drugresponse.readers.vcf.lines import open_vcf

HEADER = [
    "##fileformat=VCFv4.2",
    "##contig=<ID=1>",
    "##contig=<ID=chr2>",
    '##INFO=<ID=GENEINFO,Number=1,Type=String,Description="Gene">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
]
MISSING = np.nan


def write(tmp_path, *records, samples="s1 s2", name="variants.dat"):
    columns = f"#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT {samples}".strip()
    lines = [*HEADER, *(line.replace(" ", "\t") for line in (columns, *records))]
    file = tmp_path / name
    file.write_text("\n".join(lines) + "\n")
    return file


def calls(genotypes):
    dense = genotypes.dense()
    return {name: dense[:, at].tolist() for at, name in enumerate(genotypes.features.index)}


@pytest.mark.parametrize(
    ("call", "dosage"),
    [
        ("0/0", 0),
        ("0/1", 1),
        ("1|0", 1),
        ("1/1", 2),
        ("./.", MISSING),
        (".", MISSING),
        ("./1", MISSING),
        ("0/.", MISSING),
        ("0", 0),
        ("1", 1),
    ],
)
def test_read_variants__calls(tmp_path, call, dosage):
    genotypes = read_variants(write(tmp_path, f"1 7 . A C . . . GT {call} 0/1"))
    np.testing.assert_array_equal(genotypes.dense(), [[dosage], [1]])


@pytest.mark.parametrize("line", ["1 7 .  C . . . GT 0/1 0/1", " 7 . A C . . . GT 0/1 0/1"])
def test_read_variants__no_place_or_no_reference(tmp_path, line):
    with pytest.raises(InputError, match=r"line 9: found no (REF|CHROM)"):
        read_variants(write(tmp_path, line))


def test_read_variants__frequency_of_haploid_calls(tmp_path):
    records = ["X 7 . A C . . . GT 1 1 1 1/1", "X 8 . A C,G . . . GT:DP 1:3 2:3 2 .", "X 9 . A C . . . GT 0 0/0 0/0 1"]
    file = write(tmp_path, *records, samples="s1 s2 s3 s4")
    # 5 copies of 5 alleles, 1 and 2 of 3, 1 of 6
    for least, kept in ((0.01, ["8:A:C", "8:A:G", "9:A:C"]), (0.3, ["8:A:C", "8:A:G"])):
        found = read_variants(file, site_filter=SiteFilter(minimum_frequency=least))
        assert found.features.index.tolist() == [f"X:{each}" for each in kept]


def test_read_variants__feature_rows(tmp_path):
    genotypes = read_variants(
        write(tmp_path, "chr2 9 rs1 G GT . . GENEINFO=DPYD:1806|X:2 GT:DP 0/1:3 0/0:4", "1 10 . A C . . . GT 0/0 0/1")
    )
    assert genotypes.features.index.tolist() == ["1:10:A:C", "2:9:G:GT"]
    assert genotypes.features.loc["2:9:G:GT"].to_dict() == {
        "block": "dosage",
        "kind": "dosage",
        "gene": "DPYD",
        "chromosome": "2",
        "position": 9,
        "ref": "G",
        "alt": "GT",
        "effect": "",
        "parent": "",
    }
    assert genotypes.sample_ids.tolist() == ["s1", "s2"]


def test_read_variants__multiallelic_sites_are_split(tmp_path):
    genotypes = read_variants(write(tmp_path, "1 7 . A C,G . . . GT 1/2 2/2"))
    assert calls(genotypes) == {"1:7:A:C": [1, 0], "1:7:A:G": [1, 2]}


def test_read_variants__spanning_deletions_and_sites_without_alternate_are_passed_over(tmp_path):
    genotypes = read_variants(
        write(
            tmp_path,
            "1 7 . A *,G . . . GT 1/2 0/1",
            "1 8 . A . . . . GT 0/0 0/0",
            "1 9 . A <DEL> . . . GT 0/1 0/0",
            "1 10 . A <NON_REF> . . . GT 0/0 0/0",
            "1 11 . A C,<*> . . . GT 0/1 2/2",
            "1 12 . A C, . . . GT 0/2 0/1",
        )
    )
    assert calls(genotypes) == {
        "1:7:A:G": [1, 0],
        "1:9:A:<DEL>": [1, 0],
        "1:11:A:C": [1, 0],
        "1:12:A:C": [0, 1],
    }


def test_read_variants__dosage_only_where_calls_are_absent(tmp_path):
    genotypes = read_variants(
        write(tmp_path, "1 7 . A C,G . . . DS 0.25,1.5 .,.", "1 8 . A C . . . GT:DS 0/1:1.9 0/0:0.1")
    )
    np.testing.assert_array_equal(genotypes.dense(), [[0.25, 1.5, 1], [MISSING, MISSING, 0]])


def test_read_variants__expected_copies_where_there_is_no_call(tmp_path):
    records = [
        "1 7 . A C . . . GT:DS ./.:0.3 0/1:0.9",
        "1 8 . A C,G . . . DS:GT 0.1,1.8:./. .:1/2",
        "1 9 . A C . . . GT:DS ./1 .",
    ]
    genotypes = read_variants(write(tmp_path, *records), absent_means="missing")
    np.testing.assert_array_equal(genotypes.dense(), np.float32([[0.3, 0.1, 1.8, MISSING], [1, 1, 1, MISSING]]))


def test_read_variants__one_copy_of_x_y_and_mt_counts_as_two(tmp_path):
    """As PLINK writes it, so that alleles can be swapped; elsewhere, a haploid organism has one."""
    records = [
        f"{name} 7 . A C,{','.join('G' * n for n in range(1, 12))} . . . GT 1 {call}"
        for name in ("chrX", "24", "chrM", "5")
        for call in ("0/1", "12")
    ]
    found = calls(read_variants(write(tmp_path, *records[::2])))
    assert [found[f"{name}:7:A:C"] for name in ("X", "Y", "MT", "5")] == [[2, 1], [2, 1], [2, 1], [1, 1]]
    found = calls(read_variants(write(tmp_path, *records[1::2])))
    assert [found[f"{name}:7:A:{'G' * 11}"] for name in ("X", "5")] == [[0, 2], [0, 1]]


@pytest.mark.parametrize(
    ("told", "ids"),
    [
        (("END=1500;SVLEN=-500", "END=90000;SVLEN=-89000"), ["<DEL:500>", "<DEL:89000>"]),
        (("END=1500", "SVLEN=-89000"), ["<DEL:500>", "<DEL:89000>"]),
        (("SVLEN=500", "SVLEN=500"), ["<DEL:500>"]),
        ((".", "END=1000"), ["<DEL>"]),
    ],
)
def test_read_variants__symbolic_alleles_of_other_lengths_are_others(tmp_path, told, ids):
    records = [
        f"1 1000 . A <DEL> . . {each} GT {call}" for each, call in zip(told, ("0/1 ./.", "./. 1/1"), strict=True)
    ]
    found = calls(read_variants(write(tmp_path, *records)))
    assert [name.removeprefix("1:1000:A:") for name in found] == ids
    assert sorted(np.nansum(each) for each in found.values()) == ([1, 2] if len(ids) == 2 else [3])


def test_read_variants__lengths_of_several_symbolic_alleles(tmp_path):
    found = calls(read_variants(write(tmp_path, "1 50 . A <DEL>,<DUP:TANDEM>,C . . SVLEN=-8,30,. GT 0/1 2/3")))
    assert found == {"1:50:A:<DEL:8>": [1, 0], "1:50:A:<DUP:TANDEM:30>": [0, 1], "1:50:A:C": [0, 1]}


def test_read_variants__failed_filters_are_counted_and_left_out_when_asked(tmp_path, caplog):
    records = [
        "1 7 . A C . LowQual . GT:FT 0/1:PASS 1/1:.",
        "1 8 . A C . PASS . GT:FT 0/1:PASS 1/1:LowGQ",
        "1 9 . A C . . . FT:GT LowDP:1/1 PASS:0/0",
        "1 10 . A . . LowQual . GT 0/0 0/0",
    ]
    file = write(tmp_path, *records)
    assert calls(read_variants(file)) == {"1:7:A:C": [1, 2], "1:8:A:C": [1, 2], "1:9:A:C": [2, 0]}
    assert "2 records (FILTER: LowQual 2) and 2 calls (FT) failed a filter and are kept" in caplog.text
    passed = read_variants(file, site_filter=SiteFilter(passed_only=True), absent_means="reference")
    np.testing.assert_array_equal(passed.dense(), [[1, MISSING], [MISSING, 0]])
    assert not passed.reference.stretches
    assert "failed a filter and are left out" in caplog.text


def test_read_variants__absent_means_reference_spares_half_calls(tmp_path):
    file = write(tmp_path, "1 7 . A C . . . GT ./. 0/1", "1 8 . A C . . . GT ./1 1/1")
    np.testing.assert_array_equal(read_variants(file).dense(), [[MISSING, MISSING], [1, 2]])
    np.testing.assert_array_equal(read_variants(file, absent_means="reference").dense(), [[0, MISSING], [1, 2]])


def test_read_variants__repeated_allele_first_call_wins_and_conflicts_are_missing(tmp_path, caplog):
    file = write(
        tmp_path,
        "1 7 . A C . . . GT ./. 0/1 1/1 ./1",
        "1 7 . A C . . . GT 0/1 0/1 0/1 ./.",
        "1 7 . A C . . . GT ./. ./. 1/1 ./.",
        samples="late same conflict half",
    )
    for absent_means in ("missing", "reference"):
        genotypes = read_variants(file, absent_means=absent_means)
        np.testing.assert_array_equal(genotypes.dense()[:, 0], [1, 1, MISSING, MISSING])
    assert "1 calls contradict an earlier record" in caplog.text


def test_read_variants__mostly_missing_suggests_the_option(tmp_path, caplog):
    file = write(tmp_path, "1 7 . A C . . . GT ./. 0/1", "1 8 . A C . . . GT ./. ./.")
    read_variants(file, absent_means="reference")
    assert not caplog.records
    read_variants(file)
    assert caplog.records[0].levelno == logging.WARNING
    assert "75 % of the calls are missing" in caplog.text
    assert "`absent_means` reference" in caplog.text


def test_read_variants__records_without_calls_are_counted(tmp_path, caplog):
    assert read_variants(write(tmp_path, "1 7 . A C . . . DP 3 4", "1 8 . A C . . . GT 0/1 0/0")).shape == (2, 1)
    assert "1 records hold neither GT nor DS" in caplog.text


@pytest.mark.parametrize(
    ("records", "samples", "message"),
    [
        (["1 7 . A C . . . DP 3 4"], "s1 s2", "none of its 1 records holds genotypes .expected GT or DS"),
        (["1 7 . A C . . ."], "", "found no samples|cannot be read"),
        (["1 7 . A . . . . GT ./. ./."], "s1 s2", "found no variant"),
        ([], "s1 s2", "found no variant"),
        (["1 7 . A C . . . DS 0.5 -1"], "s1 s2", r"line 9 \(1:7\): found a DS of -1"),
        (["1 7 . A C . . . DS 0.5 much"], "s1 s2", r'line 9 \(1:7\): found DS "much"'),
        (["1 7 . A C . . . GT 0/1 0/0", "1 8 . A C"], "s1 s2", "line 10: found 5 columns .expected 11"),
        (["1 7 . A C . . . GT 0/1 0/0 0/0"], "s1 s2", r"line 9 \(1:7\): found 3 columns of samples .expected 2"),
        (["1 7 . A C . . . GT:DP 0/1:1"], "s1 s2", r"line 9 \(1:7\): found 1 columns of samples .expected 2"),
        (["1 7 . A C . . . GT 0/2 0/0"], "s1 s2", r"line 9 \(1:7\): found allele 2 in a call .expected at most 1"),
        (["1 7 . A C . . . GT 0/x 0/0"], "s1 s2", r'line 9 \(1:7\): found the call "0/x"'),
        (["1 7,5 . A C . . . GT 0/1 0/0"], "s1 s2", 'line 9: found "7,5" as POS'),
        (["1 7 . A C . . . GT 0/1 0/0"], "s1 s1", '"s1" names more than one sample'),
    ],
)
def test_read_variants__broken_files_end_in_one_line(tmp_path, capfd, records, samples, message):
    with pytest.raises(InputError, match=f"^variants.dat[:,] .*({message})") as caught:
        read_variants(write(tmp_path, *records, samples=samples))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("line", ["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT s1", "1\t7\t.\tA\tC"])
def test_read_variants__a_header_that_is_none(tmp_path, line):
    (tmp_path / "variants.dat").write_text("\n".join([*HEADER, line]) + "\n")
    with pytest.raises(InputError, match=r"variants.dat: the header of this VCF or BCF file cannot be read"):
        read_variants(tmp_path / "variants.dat")


def test_read_variants__not_variants_and_truncated(tmp_path):
    (tmp_path / "table.dat").write_text("sample_id\tTP53\ns1\t1\n")
    with pytest.raises(InputError, match=r"table.dat: this is neither VCF nor BCF"):
        read_variants(tmp_path / "table.dat")
    whole = gzip.compress(write(tmp_path, "1 7 . A C . . . GT 0/1 0/0").read_bytes())
    (tmp_path / "cut.dat").write_bytes(whole[:-4])
    with pytest.raises(InputError, match=r"cut.dat: the gzip file is truncated or damaged"):
        read_variants(tmp_path / "cut.dat")
    whole = bgzipped(write(tmp_path, "1 7 . A C . . . GT 0/1 0/0").read_bytes())
    (tmp_path / "cut.dat").write_bytes(whole[:-1])
    with pytest.raises(InputError, match=r"cut.dat: the gzip file is truncated or damaged"):
        read_variants(tmp_path / "cut.dat")
    (tmp_path / "whole.dat").write_bytes(whole)
    assert read_variants(tmp_path / "whole.dat").shape == (2, 1)


def bgzipped(content, block=60):
    """BGZF as the specification of SAM describes it: gzip members that tell their size."""
    packed = []
    for part in [content[start : start + block] for start in range(0, len(content), block)] + [b""]:
        body = zlib.compress(part, 6, wbits=-15)
        head = struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(body) + 25)
        packed.append(head + body + struct.pack("<II", zlib.crc32(part), len(part)))
    return b"".join(packed)


FIELDS = ["GT", "GT", "GT", "GT:DP", "DS:GT:DP", "DS", "DP:DS"]
ALTERNATES = ["C", "G", "T", "<DEL>", "*", "CA", "CC", "CG", "CT", "CAA", "CCC", "CGG", "CTT"]


def random_records(seed, n_samples, of_fields=FIELDS):
    """Records of every shape: several alternates, ploidies, padding, fields in any order, repeats anywhere."""
    random = Random(seed)
    for _ in range(120):
        n_alternates = random.choice([1, 1, 1, 2, 3, 12])
        alternates = random.sample(
            ["C", "G", "T", "<DEL>", "*", *(f"C{base * n}" for base in "ACGT" for n in (1, 2))], n_alternates
        )
        fields = random.choice(of_fields)
        strange = random.random() < 0.5

        def cell(at, fields=fields, strange=strange, n_alternates=n_alternates):
            allele = lambda: "." if random.random() < 0.1 else str(random.randint(0, n_alternates))  # noqa: E731
            ploidy = random.choice([1, 2, 2, 2, 3]) if strange else 2
            call = random.choice("/|").join(allele() for _ in range(ploidy))
            expected = ",".join(f"{2 * random.random():.3f}" for _ in range(n_alternates))
            told = {"GT": call, "DS": random.choice([".", expected]), "DP": "7"}
            # htslib ends the process where the last fields of all samples are left out
            cut = 1 if at and random.random() < 0.1 else None
            return ":".join([told[each] for each in fields.split(":")][:cut])

        cells = " ".join(cell(at) for at in range(n_samples))
        place = f"{random.choice(['1', 'chr2'])} {random.randint(1, 60)}"
        yield f"{place} . A {','.join(alternates)} . . . {fields} {cells}"


def expected_calls(file):
    """The calls as cyvcf2 lists them, allele by allele: copies, None where there is no call or half a call."""
    found = {}
    for record in VCF(str(file)):
        fields = record.FORMAT
        for at, alternate in enumerate(record.ALT):
            if alternate == "*":
                continue
            if "GT" in fields:
                alleles = [[each for each in call[:-1] if each >= -1] for call in record.genotype.array().tolist()]
                column = [None if not call or -1 in call else call.count(at + 1) for call in alleles]
            else:
                column = [None] * len(record.format("DS"))
            if "DS" in fields:
                told = [row[at] if at < len(row) else np.nan for row in record.format("DS")]
                told = [None if np.isnan(each) else each for each in told]
                column = [each if call is None else call for call, each in zip(column, told, strict=True)]
            name = f"{record.CHROM.removeprefix('chr')}:{record.POS}:{record.REF}:{alternate}"
            found.setdefault(name, []).append(column)
    return found


def merged(records):
    """The first call of a sample counts; where records contradict each other, none does."""
    first = []
    for sample in range(len(records[0])):
        known = {column[sample] for column in records if column[sample] is not None}
        first.append(np.nan if len(known) != 1 else known.pop())
    return first


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("block_cells", [1, 200, 1 << 22])
def test_read_variants__equal_to_the_library_for_records_of_every_shape(tmp_path, monkeypatch, seed, block_cells):
    n_samples = (1, 3, 20, 50)[seed]
    samples = " ".join(f"s{number}" for number in range(n_samples))
    file = write(tmp_path, *random_records(seed, n_samples), samples=samples)
    monkeypatch.setattr(sparse_calls, "BLOCK_CELLS", block_cells)
    monkeypatch.setattr(vcf_lines, "READ_BYTES", 500 + block_cells)
    found = read_variants(file)
    expected = {name: merged(records) for name, records in expected_calls(file).items()}
    assert set(found.features.index) == set(expected)
    wanted = np.array([expected[name] for name in found.features.index], dtype=np.float32).T
    np.testing.assert_array_equal(found.dense(), wanted)
    found.values.check_format(full_check=True)
    rebuilt = type(found).build(found.values, list(found.sample_ids), found.features)
    assert found.equals(rebuilt)


def test_read_variants__bcf_is_equal_to_vcf(tmp_path):
    samples = " ".join(f"s{number}" for number in range(9))
    file = write(tmp_path, *random_records(7, 9, [each for each in FIELDS if each != "DS:GT:DP"]), samples=samples)
    text = VCF(str(file))
    written = Writer(str(tmp_path / "variants.bcf"), text, mode="wb")
    written.write_header()
    for record in text:
        written.write_record(record)
    written.close()
    for absent_means in ("missing", "reference"):
        bcf = read_variants(tmp_path / "variants.bcf", absent_means=absent_means)
        assert bcf.equals(read_variants(file, absent_means=absent_means))
    regions = read_regions("2:10-30")
    assert read_variants(tmp_path / "variants.bcf", site_filter=SiteFilter(regions=regions)).equals(
        read_variants(file, site_filter=SiteFilter(regions=regions))
    )


def test_read_variants__records_of_one_allele_far_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(sparse_calls, "BLOCK_CELLS", 1)
    file = write(
        tmp_path,
        "1 7 . A C . . . GT ./. 0/1 1/1 0/0",
        "1 6 . A C . . . GT 0/1 0/0 0/0 0/0",
        "1 7 . A C . . . GT 0/1 0/1 0/1 0/0",
        samples="late same conflict neither",
    )
    for absent_means in ("missing", "reference"):
        genotypes = read_variants(file, absent_means=absent_means)
        np.testing.assert_array_equal(genotypes.dense(), [[1, 1], [0, 1], [0, MISSING], [0, 0]])


def test_read_variants__comments_between_records(tmp_path, monkeypatch):
    file = write(tmp_path, "1 7 . A C . . . GT 0/1 1/1", "# checked", "1 8 . A C . . . GT 0/0 1/1")
    for size in (20, 1 << 20):
        monkeypatch.setattr(vcf_lines, "READ_BYTES", size)
        assert calls(read_variants(file)) == {"1:7:A:C": [1, 2], "1:8:A:C": [0, 2]}


def test_read_variants__windows_line_ends_and_a_mark_of_bytes(tmp_path, monkeypatch):
    file = write(tmp_path, "1 7 . A C . . GENEINFO=TPMT:7172 GT 0/1 1/1", "1 8 . A C . . . GT:DP 0/1:3 1:4")
    unix = read_variants(file)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert read_variants(file).equals(unix)
    for size in range(20, 60):
        monkeypatch.setattr(vcf_lines, "READ_BYTES", size)
        assert read_variants(file).equals(unix)
    assert unix.features["gene"].tolist() == ["TPMT", ""]


FILTERED = [
    "1 10 . A C . . R2=0.9;GENEINFO=TPMT:7172 GT 0/1 0/0 0/0 0/0",
    "1 20 . A C,G . . DR2=0.9,0.1;GENEINFO=DPYD:1806|TPMT:7172 GT 1/1 1/2 1/1 0/0",
    "chr2 10 . A C . . GENEINFO=DPYD:1806 GT 1/1 1/1 1/1 1/1",
    "chr2 20 . A C . . R2=. GT ./. ./. 0/1 0/1",
]


@pytest.mark.parametrize(
    ("wanted", "kept"),
    [
        ({"regions": "1:15-25,2:1-10"}, ["1:20:A:C", "1:20:A:G", "2:10:A:C"]),
        ({"regions": "chr2"}, ["2:10:A:C", "2:20:A:C"]),
        ({"genes": {"TPMT"}}, ["1:10:A:C", "1:20:A:C", "1:20:A:G"]),
        ({"genes": {"DPYD"}, "regions": "2"}, ["2:10:A:C"]),
        ({"minimum_frequency": 0.2}, ["1:20:A:C", "2:20:A:C"]),
        ({"minimum_frequency": 0.125}, ["1:10:A:C", "1:20:A:C", "1:20:A:G", "2:20:A:C"]),
        ({"maximum_missing": 0.4}, ["1:10:A:C", "1:20:A:C", "1:20:A:G", "2:10:A:C"]),
        ({"minimum_quality": 0.5}, ["1:10:A:C", "1:20:A:C", "2:10:A:C", "2:20:A:C"]),
    ],
)
def test_read_variants__filters(tmp_path, caplog, wanted, kept):
    caplog.set_level(logging.INFO)
    file = write(tmp_path, *FILTERED, samples="s1 s2 s3 s4")
    if "regions" in wanted:
        wanted = {**wanted, "regions": read_regions(wanted["regions"])}
    if "genes" in wanted:
        wanted = {**wanted, "genes": frozenset(wanted["genes"])}
    found = read_variants(file, site_filter=SiteFilter(**wanted))
    assert found.features.index.tolist() == kept
    whole = read_variants(file)
    at = whole.features.index.get_indexer(kept)
    np.testing.assert_array_equal(found.dense(), whole.dense()[:, at])
    assert f"variants.dat: {len(kept)} of " in caplog.text
    assert ("tell no imputation quality" in caplog.text) == ("minimum_quality" in wanted)


def test_read_variants__missing_calls_that_mean_the_reference_are_called(tmp_path):
    file = write(tmp_path, *FILTERED, samples="s1 s2 s3 s4")
    wanted = SiteFilter(maximum_missing=0, regions=read_regions("2:20"))
    found = read_variants(file, absent_means="reference", site_filter=wanted)
    np.testing.assert_array_equal(found.dense()[:, 0], [0, 0, 1, 1])


def test_read_variants__regions_tell_genes(tmp_path):
    (tmp_path / "genes.bed").write_text("1\t0\t15\tWIDE\n1\t8\t12\tNARROW\n2\t0\t99\tOTHER\n")
    regions = read_regions(tmp_path / "genes.bed")
    file = write(tmp_path, "1 10 . A C . . . GT 0/1 0/0", "2 10 . A C . . GENEINFO=TOLD:1 GT 0/1 0/0")
    assert read_variants(file, site_filter=SiteFilter(regions=regions)).features["gene"].tolist() == ["NARROW", "TOLD"]
    asked = SiteFilter(regions=regions, genes=frozenset({"WIDE"}))
    assert read_variants(file, site_filter=asked).features["gene"].to_dict() == {"1:10:A:C": "WIDE"}


def test_read_variants__filters_that_keep_nothing(tmp_path):
    file = write(tmp_path, *FILTERED, samples="s1 s2 s3 s4")
    with pytest.raises(InputError, match=r"the filters keep none of its 4 variants .4 outside the regions"):
        read_variants(file, site_filter=SiteFilter(regions=read_regions("7")))
    with pytest.raises(InputError, match=r"keep none of its 5 variants .5 in none of the genes"):
        read_variants(file, site_filter=SiteFilter(genes=frozenset({"CYP2D6"})))
    file = write(tmp_path, "1 7 . A C . . . GT 0/1 0/0")
    with pytest.raises(InputError, match=r"its variants tell no genes .expected CSQ, ANN, BCSQ or GENEINFO"):
        read_variants(file, site_filter=SiteFilter(genes=frozenset({"CYP2D6"})))


def test_read_variants__annotated_genes_and_effects(tmp_path):
    parts = "Allele|Consequence|SYMBOL|Gene|PICK"
    HEADER.insert(3, f'##INFO=<ID=CSQ,Number=.,Type=String,Description="Consequences from VEP. Format: {parts}">')
    try:
        told = "-|frameshift_variant|NUDT15|ENSG1|1,T|intron_variant|NUDT15|ENSG1|1"
        file = write(tmp_path, f"13 7 . AG A,AT . . CSQ={told} GT 0/1 0/2")
    finally:
        del HEADER[3]
    found = read_variants(file)
    assert found.features[["gene", "effect"]].to_numpy().tolist() == [["NUDT15", "lof"], ["NUDT15", "silent"]]


def write_index(file, content, block, suffix, packed=None):
    """An index as tabix writes it: for each chromosome one bin a window, and for .tbi the linear index too."""
    sizes, packed = [0], packed or content
    for start in range(0, len(packed), block):
        sizes.append(sizes[-1] + len(bgzipped(packed[start : start + block], block)) - len(bgzipped(b"", block)))
    windows: dict[str, dict[int, int]] = {}
    place = 0
    for line in content.splitlines(keepends=True):
        if not line.startswith(b"#"):
            chromosome, position = line.decode().split("\t")[:2]
            offset = sizes[place // block] << 16 | place % block
            windows.setdefault(chromosome, {}).setdefault((int(position) - 1) >> 14, offset)
        place += len(line)
    names = b"".join(name.encode() + b"\0" for name in windows)
    head = struct.pack("<7i", 2, 1, 2, 0, ord("#"), 0, len(names)) + names
    is_csi = suffix == ".csi"
    count = struct.pack("<i", len(windows))
    parts = [b"CSI\1", struct.pack("<3i", 14, 5, len(head)), head, count] if is_csi else [b"TBI\1", count, head]
    for offsets in windows.values():
        parts.append(struct.pack("<i", len(offsets)))
        for window, offset in offsets.items():
            parts.append(struct.pack("<I", 4681 + window) + (struct.pack("<Q", offset) if is_csi else b""))
            parts.append(struct.pack("<iQQ", 1, offset, offset + 1))
        if not is_csi:
            linear = [offsets.get(window, 0) for window in range(max(offsets) + 1)]
            parts.append(struct.pack(f"<i{len(linear)}Q", len(linear), *linear))
    file.with_name(file.name + suffix).write_bytes(bgzipped(b"".join(parts)))


@pytest.mark.parametrize("suffix", [".tbi", ".csi"])
@pytest.mark.parametrize("near", [1, 1 << 20])
def test_read_variants__an_index_leads_to_the_regions(tmp_path, monkeypatch, suffix, near):
    monkeypatch.setattr(tabix, "_NEAR", near)
    random = Random(5)
    places = sorted((random.choice(["1", "chr2", "X"]), random.randrange(1, 200_000)) for _ in range(400))
    records = [f"{name} {place} . A C . . . GT {random.choice(['0/1', '1/1'])} ./." for name, place in places]
    file = write(tmp_path, *records)
    content = file.read_bytes()
    file.write_bytes(bgzipped(content, 300))
    regions = read_regions("1:5000-6000,1:100000-130000,1:130001-150000,2:16300-16500,chr2:60000-190000,X:199000-,7")
    wanted = SiteFilter(regions=regions)
    expected = read_variants(file, site_filter=wanted)
    assert 50 < expected.shape[1] < 200
    write_index(file, content, 300, suffix)
    monkeypatch.setattr(vcf_lines, "READ_BYTES", 200)
    assert read_variants(file, site_filter=wanted).equals(expected)
    with pytest.raises(InputError, match="found no variant in the regions"):
        read_variants(file, site_filter=SiteFilter(regions=read_regions("7")))
    # what stands far from the regions is not read: here it could not be
    first = f"{places[0][0]}\t{places[0][1]}".encode()
    broken = content.replace(first, first[:2] + b"x" * (len(first) - 2), 1)
    file.write_bytes(bgzipped(broken, 300))
    write_index(file, content, 300, suffix, broken)
    far = SiteFilter(regions=read_regions("1:100000-130000,X:199000-"))
    assert read_variants(file, site_filter=far).shape[1] > 10
    with pytest.raises(InputError, match=r"record read 1: found \"x+\" as POS"):
        read_variants(file, site_filter=wanted)
    file.write_bytes(bgzipped(content, 299))
    os.utime(file, (1, 1))
    with pytest.raises(InputError, match=r"variants.dat: the file is damaged, or its index belongs to another"):
        read_variants(file, site_filter=far)
    # an index that is older, or damaged, is left alone
    index = file.with_name(file.name + suffix)
    for content_of_index in (b"", bgzipped(b"TBI\1"), bgzipped(b"CSI\1\0\0"), index.read_bytes()):
        index.write_bytes(content_of_index)
        os.utime(index, (1, 1) if content_of_index else None)
        file.write_bytes(bgzipped(content, 299))
        assert read_variants(file, site_filter=wanted).equals(expected)


def test_read_variants__an_index_in_which_two_names_mean_one_chromosome(tmp_path):
    file = write(tmp_path, *(f"{name} {place} . A C . . . GT 0/1 ./." for name in ("2", "chr2") for place in (7, 9)))
    content = file.read_bytes()
    file.write_bytes(bgzipped(content.replace(b"chr2\t7", b"chr2\t8"), 300))
    write_index(file, content, 300, ".tbi")
    found = read_variants(file, site_filter=SiteFilter(regions=read_regions("2:7-8")))
    assert found.features.index.tolist() == ["2:7:A:C", "2:8:A:C"]


@pytest.mark.parametrize("packed", [bytes, gzip.compress, bgzipped])
def test_read_variants__damage_is_an_error_or_seen_in_what_is_left(tmp_path, packed):
    """Bits turned, parts cut out or doubled: InputError, or what the checksums let through."""
    file = write(tmp_path, *random_records(3, 6), samples="s1 s2 s3 s4 s5 s6")
    whole = packed(file.read_bytes())
    names = set(read_variants(file).features.index)
    random = Random(1)
    outcomes = Counter()
    for _ in range(60):
        file.write_bytes(damaged(whole, random))
        try:
            found = read_variants(file)
        except InputError as error:
            assert "\n" not in str(error)
            outcomes["refused"] += 1
            continue
        outcomes["read"] += 1
        assert found.values.nnz
        # a checksum lets nothing through that was not written
        assert packed is bytes or set(found.features.index) <= names
    assert outcomes["refused"] > 20


def damaged(content, random):
    content = bytearray(content)
    at = random.randrange(len(content))
    part = slice(at, at + random.randrange(1, 400))
    match random.choice(["bit", "cut", "hole", "twice"]):
        case "bit":
            content[at] ^= 1 << random.randrange(8)
        case "cut":
            del content[at:]
        case "hole":
            del content[part]
        case "twice":
            content[at:at] = content[part]
    return bytes(content)


@pytest.mark.parametrize("mark", ["9", "-9", "99"])
def test_read_variants__a_mark_of_missing_is_no_dosage(tmp_path, mark):
    with pytest.raises(InputError, match=f"found a DS of {mark} .expected 0 to 2, and . for a missing one"):
        read_variants(write(tmp_path, f"1 7 . A C . . . GT:DS 0/1:1 ./.:{mark}"))


def test_read_variants__a_spanning_deletion_as_it_used_to_be_written(tmp_path):
    assert calls(read_variants(write(tmp_path, "1 7 . A C,<*:DEL> . . . GT 0/2 1/2"))) == {"1:7:A:C": [0, 1]}


def test_read_variants__a_reference_call_of_deepvariant_is_no_failure(tmp_path, caplog):
    file = write(tmp_path, "1 7 . A C . RefCall . GT 0/0 0/1", "1 8 . A C . NoCall . GT ./. 0/1")
    assert calls(read_variants(file, site_filter=SiteFilter(passed_only=True))) == {"1:7:A:C": [0, 1]}
    assert "1 record (FILTER: NoCall 1) failed" in caplog.text


@pytest.mark.parametrize("seed", range(4))
def test_open_vcf__sites_are_those_of_the_library(tmp_path, seed):
    random = Random(seed)
    words = ["GENEINFO=TPMT:7172", "XGENEINFO=A:1", "GENEINFO2=B:2", "END=30", "DB", "GENEINFO=NUDT15:55270|X:1"]
    records = []
    for line in random_records(seed, 2):
        cells = line.split(" ")
        cells[6] = random.choice([".", "PASS", "q10", "q10;s50"])
        cells[7] = ";".join(random.sample(words[:-1], random.randint(0, 3))) or random.choice([".", words[-1]])
        records.append(" ".join(cells))
    file = write(tmp_path, *records)
    sites = [site for batch in open_vcf(file).batches(None) for site in batch]
    for site, record in zip(sites, VCF(str(file)), strict=True):
        assert (site.chromosome, site.position, site.reference) == (record.CHROM, record.POS, record.REF)
        assert list(site.alternates) == record.ALT
        assert (site.failed or None) == record.FILTER
        assert site.info("GENEINFO") == record.INFO.get("GENEINFO")


def test_read_variants__many_calls_stay_in_a_temporary_file(tmp_path, monkeypatch):
    records = [f"1 {at} . A C,G . . . GT {calls}" for at, calls in ((7, "0/1 1/2"), (9, "./. 2|2"), (7, "1/1 ./."))]
    gvcf = [*records, "1 8 . A <NON_REF> . . END=9 GT 0/0 0/0"]
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 2)
    for lines, is_stored in ((records, True), (gvcf, False)):
        file = write(tmp_path, *lines)
        monkeypatch.setattr(stored_values, "STORED_CELLS", 1000)
        here = read_variants(file)
        monkeypatch.setattr(stored_values, "STORED_CELLS", 0)
        there = read_variants(file)
        # records that fill the missing calls of others need these in memory
        assert there.equals(here) and (there.is_stored, here.is_stored) == (is_stored, False)


def test_read_variants__bases_in_lower_case_are_the_same_bases(tmp_path):
    records = ["1\t7\t.\ta\tc\t.\t.\t.\tGT\t0/1", "1\t9\t.\tG\tt,<DEL>\t.\t.\tSVLEN=.,-5\tGT\t1/2"]
    file = tmp_path / "masked.vcf"
    header = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\n"
    file.write_text(header + "\n".join(records) + "\n")
    assert read_variants(file).features.index[0] == "1:7:A:C"
    file.write_text(header + "\n".join([records[0], records[0].replace("a\tc", "A\tC")]) + "\n")
    assert read_variants(file).features.index.tolist() == ["1:7:A:C"]

from __future__ import annotations

import logging

import numpy as np
import pyarrow
import pytest
from bed_reader import open_bed, to_bed
from pgenlib import PgenWriter

from drugresponse.errors import InputError
from drugresponse.features.reference_sites import with_reference_sites
from drugresponse.readers import read_genotypes, read_variants
from drugresponse.readers.plink import _calls as plink_calls
from drugresponse.readers.plink.reader import plink_files, read_plink

MISSING = np.nan
BIM = "1\trs1\t0\t7\tC\tA\n23\trs2\t0\t9\tT\tG\n"
FAM = "f1 s1 0 0 1 -9\nf2 s2 0 0 2 1.5\n"
BED = bytes.fromhex("6c1b010402")
PVAR = "#CHROM\tPOS\tID\tREF\tALT\n1\t7\trs1\tA\tC\nX\t9\trs2\tG\tT\n"
PSAM = "#FID\tIID\tSEX\nf1\ts1\t1\nf2\ts2\t2\n"


def write_bed(folder, *, bed=BED, bim=BIM, fam=FAM):
    for suffix, content in ((".bed", bed), (".bim", bim), (".fam", fam)):
        content = content if isinstance(content, bytes) else content.encode()
        (folder / f"cohort{suffix}").write_bytes(content)
    return folder / "cohort.bed"


def write_pgen(folder, calls=((2, -9), (1, 2)), *, pvar=PVAR, psam=PSAM):
    with PgenWriter(bytes(folder / "cohort.pgen"), len(calls[0]), variant_ct=len(calls), nonref_flags=False) as writer:
        for each in calls:
            writer.append_biallelic(np.array(each, dtype=np.int8))
    (folder / "cohort.pvar").write_text(pvar)
    (folder / "cohort.psam").write_text(psam)
    return folder / "cohort.pgen"


def test_read_plink__variants_that_failed_a_filter(tmp_path, caplog):
    told = "#CHROM\tPOS\tID\tREF\tALT\tFILTER\n1\t7\trs1\tA\tC\tLowQual\nX\t9\trs2\tG\tT\tPASS\n"
    file = write_pgen(tmp_path, pvar=told)
    assert read_genotypes(file).shape == (2, 2)
    assert "1 record (FILTER: LowQual 1) failed a filter and are kept" in caplog.text
    assert read_genotypes(file, filters="pass").features.index.tolist() == ["X:9:G:T"]


def test_read_plink__symbolic_alleles_of_one_place(tmp_path):
    told = "#CHROM\tPOS\tID\tREF\tALT\tINFO\n1\t7\tsv1\tA\t<DEL>\tEND=57\n1\t7\tsv2\tA\t<DEL>\tSVLEN=-900\n"
    assert read_plink(write_pgen(tmp_path, pvar=told)).features.index.tolist() == ["1:7:A:<DEL:50>", "1:7:A:<DEL:900>"]
    named = read_plink(write_bed(tmp_path, bim="1 sv1 0 7 <DEL> A\n1 sv2 0 7 <DEL> A\n"))
    assert named.features.index.tolist() == ["1:7:A:<DEL:sv1>", "1:7:A:<DEL:sv2>"]


def simulated(n_samples, n_variants, seed=0):
    generator = np.random.default_rng(seed)
    calls = generator.binomial(2, generator.uniform(0.02, 0.6, n_variants), (n_samples, n_variants)).astype(np.float32)
    calls[generator.random(calls.shape) < 0.05] = MISSING
    return calls


def write_large(folder, calls):
    bim = "".join(f"{1 + at % 3}\trs{at}\t0\t{1000 - at}\tC\tA\n" for at in range(calls.shape[1]))
    fam = "".join(f"f s{at} 0 0 0 -9\n" for at in range(len(calls)))
    file = write_bed(folder, bim=bim, fam=fam)
    to_bed(file, calls, num_threads=1)
    (folder / "cohort.bim").write_text(bim)
    (folder / "cohort.fam").write_text(fam)
    write_pgen(folder, np.where(np.isnan(calls), -9, calls).T.astype(np.int8))
    lines = [line.split("\t") for line in bim.splitlines()]
    (folder / "cohort.pvar").write_text(
        "#CHROM\tPOS\tID\tREF\tALT\n" + "".join("\t".join([a, d, b, f, e]) + "\n" for a, b, _, d, e, f in lines)
    )
    (folder / "cohort.psam").write_text("#IID\n" + "".join(f"s{at}\n" for at in range(len(calls))))


def test_read_plink__counts_the_first_allele_of_bim(tmp_path):
    genotypes = read_plink(write_bed(tmp_path))
    np.testing.assert_array_equal(genotypes.dense(), [[2, 1], [MISSING, 2]])
    assert genotypes.sample_ids.tolist() == ["s1", "s2"]
    assert genotypes.features.loc["1:7:A:C"].to_dict() == {
        "block": "dosage",
        "kind": "dosage",
        "gene": "",
        "chromosome": "1",
        "position": 7,
        "ref": "A",
        "alt": "C",
        "effect": "",
        "parent": "",
    }


def test_read_plink__second_version_counts_alt(tmp_path):
    genotypes = read_plink(write_pgen(tmp_path))
    np.testing.assert_array_equal(genotypes.dense(), [[2, 1], [MISSING, 2]])
    assert genotypes.features.index.tolist() == ["1:7:A:C", "X:9:G:T"]


@pytest.mark.parametrize("block_bytes", [1, 50, 1 << 26])
def test_read_plink__many_blocks_are_as_one(tmp_path, monkeypatch, block_bytes):
    calls = simulated(23, 40)
    write_large(tmp_path, calls)
    monkeypatch.setattr(plink_calls, "BLOCK_BYTES", block_bytes)
    order = sorted(range(40), key=lambda at: (at % 3, 1000 - at))
    for name in ("cohort.bed", "cohort.pgen"):
        genotypes = read_plink(tmp_path / name)
        np.testing.assert_array_equal(genotypes.dense(), calls[:, order])
        assert genotypes.values.has_canonical_format
        genotypes.values.check_format(full_check=True)
        assert genotypes.values.data.dtype == np.float32


def test_read_plink__absent_means_reference(tmp_path):
    for write in (write_bed, write_pgen):
        np.testing.assert_array_equal(read_plink(write(tmp_path), absent_means="reference").dense(), [[2, 1], [0, 2]])


def test_read_plink__stored_dosages(tmp_path):
    write_pgen(tmp_path)
    with PgenWriter(
        bytes(tmp_path / "cohort.pgen"), 2, variant_ct=2, nonref_flags=False, dosage_present=True
    ) as writer:
        writer.append_dosages(np.array([0.25, -9.0]))
        writer.append_dosages(np.array([1.0, 1.75]))
    np.testing.assert_array_equal(read_plink(tmp_path / "cohort.pgen").dense(), [[0.25, 1], [MISSING, 1.75]])


@pytest.mark.parametrize("at", [0, 65_535, 65_536, 65_537])
def test_read_plink__dosages_that_few_of_many_variants_have(tmp_path, at):
    n_variants = 65_538  # the types of a .pgen file's records stand in groups of 65,536
    write_pgen(
        tmp_path,
        psam="#IID\ns1\ns2\n",
        pvar="#CHROM\tPOS\tID\tREF\tALT\n" + "".join(f"1\t{place}\t.\tA\tC\n" for place in range(1, n_variants + 1)),
    )
    with PgenWriter(
        bytes(tmp_path / "cohort.pgen"), 2, variant_ct=n_variants, nonref_flags=False, dosage_present=True
    ) as writer:
        for number in range(n_variants):
            if number == at:
                writer.append_dosages(np.array([0.25, 1.5]))
            else:
                writer.append_biallelic(np.array([number % 3, 0], dtype=np.int8))
    genotypes = read_plink(tmp_path / "cohort.pgen")
    expected = np.arange(n_variants) % 3.0
    expected[at] = 0.25
    np.testing.assert_array_equal(genotypes.dense()[0], expected)
    assert genotypes.values.nnz == np.count_nonzero(expected) + 1


def test_read_plink__multiallelic_sites_are_split_as_those_of_vcf(tmp_path):
    pvar = "#CHROM\tPOS\tID\tREF\tALT\nchr1\t7\t.\tA\tC,G\n1\t8\t.\tA\t*,T\n1\t9\t.\tA\t.\n"
    write_pgen(tmp_path, pvar=pvar)
    with PgenWriter(bytes(tmp_path / "cohort.pgen"), 2, variant_ct=3, nonref_flags=False, allele_ct_limit=3) as writer:
        writer.append_alleles(np.array([1, 2, 2, 2], dtype=np.int32), allele_ct=3)
        writer.append_alleles(np.array([0, 2, -9, -9], dtype=np.int32), allele_ct=3)
        writer.append_biallelic(np.array([0, 0], dtype=np.int8))
    header = ["##fileformat=VCFv4.2", "##contig=<ID=1>", "##contig=<ID=chr1>"]
    header += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    rows = ["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT s1 s2", "chr1 7 . A C,G . . . GT 1/2 2/2"]
    rows += ["1 8 . A *,T . . . GT 0/2 ./.", "1 9 . A . . . . GT 0/0 0/0"]
    (tmp_path / "vcf").write_text("\n".join(header + [row.replace(" ", "\t") for row in rows]) + "\n")
    expected = read_variants(tmp_path / "vcf")
    assert expected.features.index.tolist() == ["1:7:A:C", "1:7:A:G", "1:8:A:T"]
    assert read_plink(tmp_path / "cohort.pgen").equals(expected)


def test_read_plink__repeated_allele_first_call_wins_and_conflicts_are_missing(tmp_path, caplog):
    bim = "1 a 0 7 C A\n1 b 0 7 C A\n1 other 0 8 C A\n"
    fam = "".join(f"0 s{at} 0 0 0 0\n" for at in range(4))
    write_bed(tmp_path, bim=bim, fam=fam)
    to_bed(tmp_path / "cohort.bed", np.array([[-127, 1, 0], [2, 2, 1], [1, 2, 2], [0, -127, 0]], dtype=np.int8))
    (tmp_path / "cohort.bim").write_text(bim)
    (tmp_path / "cohort.fam").write_text(fam)
    for absent_means in ("missing", "reference"):
        genotypes = read_plink(tmp_path / "cohort.bed", absent_means=absent_means)
        np.testing.assert_array_equal(genotypes.dense(), [[1, 0], [2, 1], [MISSING, 2], [0, 0]])
    assert "1 calls contradict an earlier record" in caplog.text


@pytest.mark.parametrize(
    ("written", "read"),
    [("23", "X"), ("24", "Y"), ("25", "X"), ("XY", "X"), ("PAR1", "X"), ("26", "MT"), ("chr7", "7"), ("MT", "MT")],
)
def test_read_plink__chromosome_names(tmp_path, written, read):
    genotypes = read_plink(write_bed(tmp_path, bim=f"1 rs1 0 7 C A\n{written} rs2 0 9 T G\n"))
    assert f"{read}:9:G:T" in genotypes.features.index


def test_read_plink__chromosomes_of_other_species_keep_their_numbers(tmp_path):
    genotypes = read_plink(write_bed(tmp_path, bim="23 rs1 0 7 C A\n29 rs2 0 9 T G\n"))
    assert genotypes.features["chromosome"].tolist() == ["23", "29"]


def test_read_plink__variants_without_a_place_go_by_their_names(tmp_path, caplog):
    genotypes = read_plink(write_bed(tmp_path, bim="0 . 0 0 C A\n0 rs2 0 0 T G\n"))
    assert genotypes.features.index.tolist() == ["rs2:G:T"]
    assert genotypes.features[["chromosome", "position"]].isna().any(axis=1).tolist() == [True]
    assert "1 alleles have neither a place nor a name" in caplog.text


def test_read_plink__alleles_that_nobody_carries_are_passed_over(tmp_path):
    assert read_plink(write_bed(tmp_path, bim="1 rs1 0 7 0 A\n1 rs2 0 9 T G\n")).features.index.tolist() == ["1:9:G:T"]
    with pytest.raises(InputError, match=r"cohort\.bim: none of its variants has an alternate allele"):
        read_plink(write_bed(tmp_path, bim="1 rs1 0 7 0 A\n1 rs2 0 9 . G\n"))


def test_read_plink__samples_with_one_iid_are_named_with_their_family(tmp_path, caplog):
    fam = "f1 1 0 0 0 0\nf2 1 0 0 0 0\n"
    assert read_plink(write_bed(tmp_path, fam=fam)).sample_ids.tolist() == ["f1_1", "f2_1"]
    assert 'IID "1" stands on more than one line; such samples are named FID_IID' in caplog.text
    with pytest.raises(InputError, match=r'cohort\.fam: sample "f1_1" stands on more than one line'):
        read_plink(write_bed(tmp_path, fam="f1 1\nf1 1\n"))


@pytest.mark.parametrize("psam", ["#IID\ns1\ns2\n", "#IID SEX\ns1 1\ns2 2\n", FAM, "##note\n#FID IID\nf1 s1\nf2 s2\n"])
def test_read_plink__forms_of_psam(tmp_path, psam):
    assert read_plink(write_pgen(tmp_path, psam=psam)).sample_ids.tolist() == ["s1", "s2"]


def test_read_plink__windows_lines_and_five_columns(tmp_path):
    expected = read_plink(write_bed(tmp_path))
    windows = write_bed(tmp_path, bim=BIM.replace("\n", "\r\n"), fam=FAM.replace("\n", "\r\n"))
    assert read_plink(windows).equals(expected)
    assert read_plink(write_bed(tmp_path, bim="1 rs1 7 C A\n23 rs2 9 T G\n")).equals(expected)


def test_read_plink__packed_pvar_and_bim_beside_pgen(tmp_path):
    expected = read_plink(write_pgen(tmp_path))
    (tmp_path / "cohort.pvar").unlink()
    with pytest.raises(InputError, match=r"cohort\.pgen: found no \.pvar or \.pvar\.zst or \.bim file beside it"):
        read_plink(tmp_path / "cohort.pgen")
    with pyarrow.CompressedOutputStream(str(tmp_path / "cohort.pvar.zst"), "zstd") as stream:
        stream.write(PVAR.encode())
    assert read_plink(tmp_path / "cohort.pgen").equals(expected)
    packed = (tmp_path / "cohort.pvar.zst").read_bytes()
    (tmp_path / "cohort.pvar.zst").write_bytes(packed[:-5])
    with pytest.raises(InputError, match=r"cohort\.pvar\.zst: the compressed file is truncated or damaged"):
        read_plink(tmp_path / "cohort.pgen")
    (tmp_path / "cohort.pvar.zst").unlink()
    (tmp_path / "cohort.bim").write_text(BIM)
    assert read_plink(tmp_path / "cohort.pgen").equals(expected)


def test_read_plink__folder_of_one_fileset_and_shared_name(tmp_path):
    expected = read_plink(write_bed(tmp_path))
    assert read_genotypes(tmp_path).equals(expected)
    assert read_genotypes(tmp_path / "cohort").equals(expected)
    write_pgen(tmp_path)
    with pytest.raises(
        InputError, match=r'found "cohort.bed", "cohort.pgen" in this folder \(expected one PLINK fileset'
    ):
        read_genotypes(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"empty: found no \.bed or \.pgen file in this folder"):
        read_genotypes(tmp_path / "empty")


@pytest.mark.parametrize("name", ["zarr.json", ".zgroup"])
def test_read_genotypes__a_zarr_store_is_named(tmp_path, name):
    (tmp_path / "cohort.zarr").mkdir()
    (tmp_path / "cohort.zarr" / name).write_text("{}")
    with pytest.raises(InputError, match=r"cohort\.zarr: found a Zarr store .* write_h5ad"):
        read_genotypes(tmp_path / "cohort.zarr")


def test_read_plink__galaxy_names_without_extension(tmp_path):
    write_bed(tmp_path).rename(tmp_path / "dataset_1.dat")
    for suffix in (".bim", ".fam"):
        (tmp_path / f"cohort{suffix}").rename(tmp_path / f"dataset_1.dat{suffix}")
    assert read_genotypes(tmp_path / "dataset_1.dat").shape == (2, 2)
    assert [each.name for each in plink_files(tmp_path / "dataset_1.dat")] == [
        "dataset_1.dat",
        "dataset_1.dat.bim",
        "dataset_1.dat.fam",
    ]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"bed": b""}, r"^cohort\.bed: the file is empty"),
        ({"bed": b"chr1\t5\t9\n"}, r"^cohort\.bed: this is no PLINK file \(expected a \.bed or \.pgen file\)"),
        ({"bed": b"l\x1b"}, r"^cohort\.bed: found 0x as the third byte"),
        ({"bed": b"l\x1b\x30\x08\x01"}, r"^cohort\.bed: found 0x30 as the third byte \(expected 0x01"),
        ({"bed": b"l\x1b\0\x08\x01"}, r"^cohort\.bed: this \.bed file is written sample by sample"),
        ({"bed": BED[:-1]}, r"^cohort\.bed: found 4 bytes \(expected 5, for 2 samples and 2 variants.*truncated"),
        ({"bed": BED + b"\0"}, r"^cohort\.bed: found 6 bytes \(expected 5.*They belong to another fileset"),
        ({"bed": b"\x1f\x8b" + bytes(9)}, r"^cohort\.bed: the gzip file is truncated or damaged"),
        ({"bim": ""}, r"^cohort\.bim: the file is empty"),
        ({"bim": "1 rs1 0 7 C A\n1 rs2 0 9\n"}, r"^cohort\.bim, line 2: the line has fewer columns than others"),
        ({"bim": "1 rs1\n"}, r"^cohort\.bim, line 1: found 2 columns \(expected 6"),
        ({"bim": BIM.replace("\t9\t", "\tnine\t")}, r'^cohort\.bim, line 2: position "nine" is not a whole number'),
        ({"bim": BIM.replace("\t9\t", "\t9.5\t")}, r'^cohort\.bim, line 2: position "9.5" is not a whole number'),
        ({"bim": b"1 rs\x00 0 7 C A\n"}, r"^cohort\.bim: the file is binary"),
        (
            {"bim": b"1 rs\xff\xfe 0 7 C A\n1 b 0 8 C A\n"},
            r"^cohort\.bim: the lines cannot be read as columns \(.*utf-8",
        ),
        ({"fam": "\n\n"}, r"^cohort\.fam: found no samples"),
        ({"fam": "f1 s1\nf2\n"}, r"^cohort\.fam, line 2: found 1 columns \(expected 2 or more"),
        ({"fam": b"f1 s\xff\nf2 s2\n"}, r"^cohort\.fam: the file is not UTF-8 text"),
        ({"fam": "#FID SEX\nf1 1\n"}, r"^cohort\.fam, line 1: found no column IID"),
    ],
)
def test_read_genotypes__broken_filesets(tmp_path, files, message):
    with pytest.raises(InputError, match=message):
        read_genotypes(write_bed(tmp_path, **files))


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"pvar": PVAR + "2\t1\trs3\tA\tC\n"}, r"cannot be opened as a \.pgen of 2 samples and 3 variants"),
        ({"psam": PSAM + "f3\ts3\t1\n"}, r"cannot be opened as a \.pgen of 3 samples and 2 variants"),
        ({"pvar": "#CHROM\tPOS\tID\tREF\n1\t7\trs1\tA\n"}, r'cohort\.pvar: found no column "ALT" in its header'),
        ({"pvar": PVAR.split("\n")[0] + "\n"}, r"cohort\.pvar: found no variants"),
        ({"pvar": PVAR.replace("\t9\t", "\t-\t")}, r'cohort\.pvar, line 3: position "-" is not a whole number'),
    ],
)
def test_read_genotypes__broken_second_version(tmp_path, files, message):
    with pytest.raises(InputError, match=message):
        read_genotypes(write_pgen(tmp_path, **files))


@pytest.mark.parametrize("name", ["bim", "fam", "pvar", "psam"])
def test_read_genotypes__a_part_of_a_fileset_names_the_whole(tmp_path, name):
    write_bed(tmp_path) if name in ("bim", "fam") else write_pgen(tmp_path)
    with pytest.raises(
        InputError, match=rf"cohort\.{name}: this is one part of a PLINK fileset .* Give cohort\.(bed|pgen)"
    ):
        read_genotypes(tmp_path / f"cohort.{name}")


def test_read_plink__mostly_missing_suggests_the_option(tmp_path, caplog):
    file = write_pgen(tmp_path, ((-9, -9), (-9, 1)))
    read_plink(file, absent_means="reference")
    assert not caplog.records
    read_plink(file)
    assert caplog.records[0].levelno == logging.WARNING
    assert "75 % of the calls are missing" in caplog.text


@pytest.mark.parametrize("name", ["cohort.bed", "cohort.pgen", "cohort.bim", "cohort.pvar", "cohort.fam"])
def test_read_plink__damaged_bytes_are_an_error_or_plausible(tmp_path, name):
    calls = simulated(21, 30)
    write_large(tmp_path, calls)
    whole = (tmp_path / name).read_bytes()
    generator = np.random.default_rng(1)
    n_refused = 0
    for turn in range(60):
        damaged = bytearray(whole)
        if turn % 3 == 0:
            del damaged[generator.integers(len(whole)) :]
        else:
            damaged[generator.integers(len(whole))] ^= 1 << generator.integers(8)
        (tmp_path / name).write_bytes(damaged)
        try:
            genotypes = read_genotypes(
                tmp_path / ("cohort.bed" if name[-3:] in ("bed", "bim", "fam") else "cohort.pgen")
            )
        except InputError as error:
            assert "\n" not in str(error)
            n_refused += 1
        else:
            values = genotypes.values.data
            assert genotypes.shape[0] == 21
            assert ((values >= 0) & (values <= 2) | np.isnan(values)).all()
    assert n_refused >= (18 if name in ("cohort.bed", "cohort.pgen") else 1)


def test_read_plink__what_a_filter_left_out_is_not_the_reference(tmp_path):
    told = "#CHROM\tPOS\tID\tREF\tALT\tFILTER\n1\t7\trs1\tA\tC\tLowQual\nX\t9\trs2\tG\tT\tPASS\n"
    file = write_pgen(tmp_path, pvar=told)
    trained = read_genotypes(file).features
    passed = read_genotypes(file, filters="pass", absent_means="reference")
    np.testing.assert_array_equal(with_reference_sites(passed, trained).features.index, ["X:9:G:T"])


@pytest.mark.parametrize("n_samples", [*range(1, 10), 64, 65, 257])
def test_read_plink__any_bytes_are_those_that_bed_reader_reads(tmp_path, n_samples):
    fam = "".join(f"f s{at} 0 0 0 -9\n" for at in range(n_samples))
    bim = "".join(f"1 rs{at} 0 {at + 1} C A\n" for at in range(300))
    packed = np.random.default_rng(n_samples).bytes((n_samples + 3) // 4 * 300)
    file = write_bed(tmp_path, bed=BED[:3] + packed, bim=bim, fam=fam)
    with open_bed(file, num_threads=1) as expected:
        np.testing.assert_array_equal(read_plink(file).dense(), expected.read(num_threads=1))

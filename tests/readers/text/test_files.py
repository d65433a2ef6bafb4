from __future__ import annotations

import gzip
import io

import pytest

from drugresponse.errors import InputError
from drugresponse.readers.text.delimited import rows_of
from drugresponse.readers.text.files import stream_rows


@pytest.mark.parametrize(
    "content",
    [
        b"a\tb\n\n1\t2\n",
        b"#c\n#\td\na\tb\n1\t2",
        b"\xef\xbb\xbfa\tb\r\n1\t2\r\n",
        "a\tb\n1\t2\n".encode("utf-16"),
        gzip.compress(b"a,b\n1,2\n", mtime=0),
        b'"a";"b"\n"1";2\n',
        b'"a"\t"b"\n1\t2\n',
    ],
    ids=["blank-line", "comments", "windows", "utf-16", "gzip", "semicolons", "quoted"],
)
def test_stream_rows__however_it_is_written(tmp_path, content):
    file = tmp_path / "rows.dat"
    file.write_bytes(content)
    assert [cells for _, cells in stream_rows(file)] == [["a", "b"], ["1", "2"]]


def test_stream_rows__lines_are_those_of_the_file(tmp_path):
    file = tmp_path / "rows.dat"
    file.write_text("#x\n\na\tb\n\n1\t2\n#3\t4\n")
    assert list(stream_rows(file)) == [(3, ["a", "b"]), (5, ["1", "2"]), (6, ["#3", "4"])]


def test_stream_rows__damage_at_the_end_is_found(tmp_path):
    file = tmp_path / "rows.dat"
    file.write_bytes(gzip.compress(b"a\tb\n" * 400_000)[:-9])
    rows = stream_rows(file)
    assert next(rows) == (1, ["a", "b"])
    with pytest.raises(InputError, match=r"^rows\.dat: the gzip file is truncated or damaged\."):
        list(rows)


def test_rows_of__leaves_the_stream_open():
    stream = io.BytesIO(b"a\tb\n")
    assert list(rows_of(stream, "rows")) == [(1, ["a", "b"])]
    assert not stream.closed

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from minigrad.data import read_idx, write_idx
from minigrad.data.idx import decode_idx
from minigrad.errors import DataError, DTypeError

# Type codes as in the description of the format on the MNIST page.
CODES = {
    "uint8": (0x08, "B"),
    "int8": (0x09, "b"),
    "int16": (0x0B, "h"),
    "int32": (0x0C, "i"),
    "float32": (0x0D, "f"),
    "float64": (0x0E, "d"),
}
VALUES = [1, 2, 127, 0, 5, 100]


def idx_bytes(name, shape=(2, 3), values=VALUES):
    code, letter = CODES[name]
    header = struct.pack(f">HBB{len(shape)}I", 0, code, len(shape), *shape)
    return header + struct.pack(f">{len(values)}{letter}", *values)


@pytest.mark.parametrize("name", CODES)
@pytest.mark.parametrize("compressed", [False, True])
def test_read_every_type(tmp_path, name, compressed):
    content = idx_bytes(name)
    # The name says the opposite of the content: only the content counts.
    path = tmp_path / ("data" if compressed else "data.gz")
    path.write_bytes(gzip.compress(content, mtime=0) if compressed else content)
    array = read_idx(path)
    assert array.dtype == np.dtype(name)
    assert array.dtype.isnative
    assert array.tolist() == [[1, 2, 127], [0, 5, 100]]
    assert array.flags.writeable


@pytest.mark.parametrize("name", CODES)
def test_write_is_byte_for_byte_the_format(tmp_path, name):
    write_idx(tmp_path / "data", np.array(VALUES, dtype=name).reshape(2, 3))
    assert (tmp_path / "data").read_bytes() == idx_bytes(name)


def test_write_keeps_values_of_arrays_in_any_memory_order(tmp_path):
    array = np.arange(24, dtype=">i4").reshape(2, 3, 4).transpose(2, 0, 1)
    write_idx(tmp_path / "data", array)
    np.testing.assert_array_equal(read_idx(tmp_path / "data"), array)


def test_write_compresses_when_the_name_ends_in_gz(tmp_path):
    zeros = np.zeros((100, 100), dtype=np.uint8)
    write_idx(tmp_path / "a.gz", zeros)
    write_idx(str(tmp_path / "b.gz"), zeros)
    assert (tmp_path / "a.gz").read_bytes()[:2] == b"\x1f\x8b"
    assert (tmp_path / "a.gz").stat().st_size < 200
    # Bytes 4 to 7 of a gzip file are the time of writing (RFC 1952).
    assert (tmp_path / "a.gz").read_bytes()[4:8] == bytes(4)
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    np.testing.assert_array_equal(read_idx(tmp_path / "a.gz"), zeros)


@given(
    st.sampled_from(sorted(CODES)).flatmap(
        lambda name: hnp.arrays(
            np.dtype(name), hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)
        )
    )
)
def test_round_trip(tmp_path_factory, array):
    path = tmp_path_factory.mktemp("idx") / "data"
    write_idx(path, array)
    back = read_idx(path)
    assert back.shape == array.shape
    assert back.dtype == array.dtype
    assert back.tobytes() == array.tobytes()


@given(st.binary(max_size=40), st.sampled_from([b"", b"\0\0\x08", b"\x1f\x8b\x08\0"]))
def test_any_bytes_give_an_array_or_a_data_error(content, start):
    try:
        array = decode_idx("fuzz", start + content)
    except DataError:
        return
    assert array.dtype.name in CODES


GOOD = idx_bytes("int16")
GOOD_GZIP = gzip.compress(GOOD, mtime=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; expected an IDX file"),
        (gzip.compress(b"", mtime=0), "is empty; expected an IDX file"),
        (b"\0\0", "begins with the bytes 00 00; expected an IDX file: 00 00, a type code"),
        (b"\x89PNG\r\n", "begins with the bytes 89 50 4e 47; expected an IDX file"),
        (b"\0\0\x0a\x01" + GOOD[4:], "type code 0x0A; expected one of 0x08 uint8, 0x09 int8, 0x0B"),
        (GOOD[:9], "is truncated: a header of 2 dimensions takes 12 bytes, found 9 bytes"),
        (
            GOOD[:-1],
            r"is truncated: its header says shape \(2, 3\), int16, expected 12 bytes of values, "
            "found 11",
        ),
        (GOOD + b"\0", r"is too long: its header says shape \(2, 3\), int16, expected 12 .* 13"),
        (GOOD_GZIP[:-9], "is a corrupt gzip file, expected a complete one"),
        (GOOD_GZIP[:12] + b"\xff" + GOOD_GZIP[13:], "is a corrupt gzip file"),
        (GOOD_GZIP[:-8] + bytes(8), "is a corrupt gzip file, expected a complete one: CRC"),
        (GOOD_GZIP + b"more", "is a corrupt gzip file"),
        (b"\0\0\x08\x41" + struct.pack(">65I", *[1] * 65) + b"\x07", "which NumPy cannot hold"),
    ],
)
def test_bad_content_is_named(tmp_path, content, message):
    path = tmp_path / "some-file"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"read_idx: '{path}' .*{message}"):
        read_idx(path)


def test_a_header_with_an_enormous_shape_allocates_nothing(tmp_path):
    (tmp_path / "data").write_bytes(b"\0\0\x0e\x03" + b"\xff" * 12)
    with pytest.raises(DataError, match="is truncated"):
        read_idx(tmp_path / "data")


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"read_idx: cannot read '.*nothing': No such file"):
        read_idx(tmp_path / "nothing")


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.uint16, np.complex64, "U3"])
def test_write_other_dtype(tmp_path, dtype):
    with pytest.raises(DTypeError, match=r"write_idx: array has dtype .*IDX knows uint8, int8"):
        write_idx(tmp_path / "data", np.zeros(3, dtype=dtype))
    assert not (tmp_path / "data").exists()

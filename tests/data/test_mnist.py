import gzip
import hashlib

import numpy as np
import pytest

from minigrad.data import load_idx_folder, load_mnist, mnist, write_idx
from minigrad.errors import DataError, DTypeError

RNG = np.random.default_rng(5)
ARRAYS = {
    "train-images-idx3-ubyte": RNG.integers(0, 256, (6, 4, 3), dtype=np.uint8),
    "train-labels-idx1-ubyte": np.array([3, 1, 4, 1, 0, 9], dtype=np.uint8),
    "t10k-images-idx3-ubyte": RNG.integers(0, 256, (2, 4, 3), dtype=np.uint8),
    "t10k-labels-idx1-ubyte": np.array([2, 6], dtype=np.uint8),
}


def write_folder(folder, ending="", mark="-", **changed):
    for name, array in ARRAYS.items():
        key = name.split("-idx")[0].replace("-", "_")
        written = name.replace("-idx", mark + "idx") + ending
        write_idx(folder / written, changed.get(key, array))


def md5s(folder):
    return {p.name: hashlib.md5(p.read_bytes()).hexdigest() for p in folder.iterdir()}


@pytest.mark.parametrize("ending", ["", ".gz"])
@pytest.mark.parametrize("mark", ["-", "."])
def test_reads_all_four_files_under_every_name(tmp_path, ending, mark):
    write_folder(tmp_path, ending, mark)
    train, test = load_idx_folder(tmp_path)
    images = ARRAYS["train-images-idx3-ubyte"]
    assert train.x.shape == (6, 12)
    assert train.x.dtype == np.float64
    np.testing.assert_array_equal(train.x.reshape(6, 4, 3), images / 255)
    assert train.y.dtype == np.int64
    assert train.y.tolist() == [3, 1, 4, 1, 0, 9]
    assert test.x.shape == (2, 12)
    assert test.y.tolist() == [2, 6]


def test_both_sets_share_their_names(tmp_path):
    write_folder(tmp_path)
    train, test = load_idx_folder(tmp_path)
    assert train.target_names == test.target_names == tuple("0123456789")
    assert train.feature_names == test.feature_names
    assert train.feature_names[:4] == ("pixel_0_0", "pixel_0_1", "pixel_0_2", "pixel_1_0")


def test_dtype(tmp_path):
    write_folder(tmp_path)
    train, _ = load_idx_folder(tmp_path, dtype=np.float32)
    assert train.x.dtype == np.float32
    with pytest.raises(DTypeError, match="load_idx_folder: dtype is uint8"):
        load_idx_folder(tmp_path, dtype=np.uint8)


def test_missing_file_lists_the_names_looked_for(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "t10k-labels-idx1-ubyte").unlink()
    expected = (
        "has no t10k-labels file: looked for t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte.gz "
        "or t10k-labels.idx1-ubyte or t10k-labels.idx1-ubyte.gz"
    )
    with pytest.raises(DataError, match=expected):
        load_idx_folder(tmp_path)


def test_missing_folder(tmp_path):
    with pytest.raises(DataError, match="nowhere' has no train-images file: no such folder"):
        load_mnist(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"train_labels": np.zeros(5, np.uint8)}, "has 6 train-images but 5 train-labels"),
        ({"t10k_images": np.zeros((2, 4, 4), np.uint8)}, "4 x 3 pixels but test images of 4 x 4"),
        ({"train_images": np.zeros((6, 12), np.uint8)}, r"shape \(6, 12\); expected uint8 in 3-D"),
        ({"t10k_images": np.zeros((2, 4, 3), np.float32)}, "holds float32 values"),
        ({"t10k_labels": np.zeros((2, 1), np.uint8)}, r"shape \(2, 1\); expected uint8 in 1-D"),
        (
            {"t10k_images": np.zeros((0, 4, 3), np.uint8), "t10k_labels": np.zeros(0, np.uint8)},
            r"has no t10k-images: shape \(0, 4, 3\)",
        ),
    ],
)
def test_files_that_do_not_fit(tmp_path, changed, message):
    write_folder(tmp_path, **changed)
    with pytest.raises(DataError, match=f"load_idx_folder: .*{message}"):
        load_idx_folder(tmp_path)


def test_corrupt_file_is_named(tmp_path):
    write_folder(tmp_path)
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"<html>not found</html>")
    with pytest.raises(DataError, match="train-images-idx3-ubyte' begins with the bytes 3c 68"):
        load_idx_folder(tmp_path)


@pytest.mark.parametrize("mark", ["-", "."])
def test_checksums_that_fit(tmp_path, mark):
    write_folder(tmp_path, ".gz")
    checksums = md5s(tmp_path)
    for path in list(tmp_path.iterdir()):
        path.rename(tmp_path / path.name.replace("-idx", mark + "idx"))
    train, _ = load_idx_folder(tmp_path, checksums=checksums)
    assert len(train.x) == 6


def test_one_changed_pixel_fails_the_checksum(tmp_path):
    write_folder(tmp_path)
    checksums = md5s(tmp_path)
    path = tmp_path / "t10k-images-idx3-ubyte"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    found = hashlib.md5(content).hexdigest()
    load_idx_folder(tmp_path)
    message = f"t10k-images.* expected MD5 {checksums[path.name]}, found {found}"
    with pytest.raises(DataError, match=message):
        load_idx_folder(tmp_path, checksums=checksums)


def test_a_file_without_a_checksum_is_not_taken_on_trust(tmp_path):
    write_folder(tmp_path)
    checksums = md5s(tmp_path)
    del checksums["train-labels-idx1-ubyte"]
    with pytest.raises(DataError, match=r"no checksum for '.*train-labels-idx1-ubyte'"):
        load_idx_folder(tmp_path, checksums=checksums)


@pytest.mark.parametrize("ending", ["", ".gz"])
def test_load_mnist_verifies_unless_told_not_to(tmp_path, monkeypatch, ending):
    write_folder(tmp_path, ending)
    original = mnist.MNIST_MD5["train-images-idx3-ubyte" + ending]
    with pytest.raises(DataError, match=f"train-images.*expected MD5 {original}, found"):
        load_mnist(tmp_path)
    train, _ = load_mnist(tmp_path, verify=False)
    assert "LeCun" in train.description
    monkeypatch.setattr(mnist, "MNIST_MD5", md5s(tmp_path))
    train, test = load_mnist(tmp_path, dtype=np.float32)
    assert train.x.dtype == test.x.dtype == np.float32
    assert test.y.tolist() == [2, 6]


def test_published_checksums():
    # As torchvision and the MNIST mirrors state them for the files as distributed.
    assert {k: v for k, v in mnist.MNIST_MD5.items() if k.endswith(".gz")} == {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    assert {f"{name}.gz" for name in ARRAYS} | set(ARRAYS) == set(mnist.MNIST_MD5)


def test_a_gzip_file_without_its_ending_is_read(tmp_path):
    write_folder(tmp_path)
    path = tmp_path / "train-labels-idx1-ubyte"
    path.write_bytes(gzip.compress(path.read_bytes()))
    train, _ = load_idx_folder(tmp_path)
    assert train.y.tolist() == [3, 1, 4, 1, 0, 9]

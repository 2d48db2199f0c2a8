import os

import pytest

from minigrad.data.files import read_bytes, replace_bytes
from minigrad.errors import DataError


def test_replaces_the_whole_content(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"an old and longer content")
    replace_bytes("save", path, b"new")
    assert read_bytes("load", path) == b"new"
    assert os.listdir(tmp_path) == ["file"]


def test_a_reader_of_the_old_file_never_sees_the_new_content(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with open(path, "rb") as reader:
        replace_bytes("save", path, b"new")
        assert reader.read() == b"old"


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def no_space(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(DataError, match=r"save: cannot write '.*file': No space left on device"):
        replace_bytes("save", path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    replace_bytes("save", tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_a_device_is_written_to_not_replaced():
    replace_bytes("save", os.devnull, b"new")
    assert not os.path.isfile(os.devnull)


def test_missing_folder(tmp_path):
    with pytest.raises(
        DataError, match=r"save: cannot write '.*nowhere/file': No such file or dir"
    ):
        replace_bytes("save", tmp_path / "nowhere" / "file", b"new")


def test_reading_a_folder(tmp_path):
    with pytest.raises(DataError, match=r"load: cannot read '.*': Is a directory"):
        read_bytes("load", tmp_path)

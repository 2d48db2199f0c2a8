import os

import numpy as np
import pytest

from minigrad.data import load_iris, read_csv, read_csv_features, write_csv
from minigrad.errors import DataError, DomainError, DTypeError, ShapeError


@pytest.fixture
def table(tmp_path):
    """Writes a file of the given content and returns its path."""

    def write(content):
        path = tmp_path / "table.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_classification(table):
    data = read_csv(table("a,b,kind\n1,2.5,dog\n-3e2,.5,cat\n0,7,dog\n"))
    assert data.x.tolist() == [[1.0, 2.5], [-300.0, 0.5], [0.0, 7.0]]
    assert data.y.tolist() == [1, 0, 1]
    assert data.y.dtype == np.int64
    assert data.feature_names == ("a", "b")
    assert data.target_names == ("cat", "dog")
    assert "table.csv" in data.description


def test_regression(table):
    data = read_csv(table("a,price\n1,2.5\n2,-3\n"), task="regression")
    assert data.y.tolist() == [2.5, -3.0]
    assert data.y.dtype == np.float64
    assert data.target_names == ("price",)


def test_target_in_another_column(table):
    data = read_csv(table("kind,a,b\nx,1,2\ny,3,4\n"), target="kind")
    assert data.x.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert data.target_names == ("x", "y")


def test_numeric_labels_are_sorted_by_value(table):
    data = read_csv(table("a,label\n1,10\n1,9\n1,-1\n"))
    assert data.target_names == ("-1", "9", "10")
    assert data.y.tolist() == [2, 1, 0]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffa,kind\n1,x\n2,y\n",
        "a,kind\r\n1,x\r\n2,y\r\n",
        "a,kind\r1,x\r2,y",
        "a,kind\n1,x\n2,y\n\n  \n\n",
        'a,kind\n"1",x\n2,"y"\n',
        " a , kind \n 1 , x \n2, y",
        'a, "kind"\n1, "x"\n2, "y"\n',
    ],
)
def test_forms_of_the_same_table(table, content):
    data = read_csv(table(content))
    assert data.x.tolist() == [[1.0], [2.0]]
    assert data.feature_names == ("a",)
    assert data.target_names == ("x", "y")


def test_quoted_commas_quotes_and_line_breaks(table):
    data = read_csv(table('a,kind\n1,"x, ""y"""\n2,"two\nlines"\n'))
    assert data.target_names == ("two\nlines", 'x, "y"')


def test_a_test_set_takes_over_the_names_of_the_training_set(table):
    train = read_csv(table("a,b,kind\n1,2,x\n3,4,y\n5,6,z\n"))
    path = table("b,kind,extra,a\n2,z,?,1\n4,y,?,3\n")
    test = read_csv(
        path,
        target="kind",
        feature_names=train.feature_names,
        target_names=train.target_names,
    )
    assert test.x.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert test.y.tolist() == [2, 1]
    assert test.target_names == ("x", "y", "z")


def test_a_test_set_may_have_one_class_but_no_new_one(table):
    path = table("a,kind\n1,y\n2,y\n")
    assert read_csv(path, target_names=["x", "y"]).y.tolist() == [1, 1]
    message = r"line 2, column 'kind': expected one of the classes \['x', 'z'\], found 'y'"
    with pytest.raises(DataError, match=message):
        read_csv(path, target_names=["x", "z"])


def test_iris_through_a_file(tmp_path):
    iris = load_iris()
    rows = [[*x, iris.target_names[y]] for x, y in zip(iris.x, iris.y, strict=True)]
    write_csv(tmp_path / "iris.csv", [*iris.feature_names, "species"], rows)
    data = read_csv(tmp_path / "iris.csv")
    np.testing.assert_array_equal(data.x, iris.x)
    np.testing.assert_array_equal(data.y, iris.y)
    assert data.feature_names == iris.feature_names
    assert data.target_names == iris.target_names


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "' is empty; expected a header row"),
        ("\n \n", "' is empty; expected a header row"),
        ("a,kind\n", "' has a header row only; expected rows of data below it"),
        ("a,kind\n\n\n", "' has a header row only"),
        ("a,b,a,kind\n1,2,3,x\n", "', line 1: columns 1 and 3 are both named 'a'"),
        (",a,kind\n0,1,x\n", "', line 1: column 1 has no name"),
        ("5.1,3.5,x\n4.9,3.0,y\n", "', line 1: expected a header row .*found '5.1', '3.5', 'x'"),
        ("5,3,x\n4,9,y\n6,2,x\n", "', line 1: .* found '5', '3', 'x', which looks like a row of"),
        ("5,3,0\n4,9,1\n6,2,0\n", "', line 1: .* found '5', '3', '0', which looks like a row of"),
        ("5,3,-7\n4,9,1\n6,2,0\n", "', line 1: .* found '5', '3', '-7', which looks like a"),
        ("a,kind\n1,1\n2,0\n3,1.0\n", "', column 'kind': '1' .line 2. and '1.0' .line 4. are one"),
        ("a;kind\n1;x\n", "' has 'a;kind' as its only column; expected features beside the target"),
        ("a,b,kind\n1,2,x\n1,2\n", "', line 3: expected 3 cells, one per column, found 2"),
        ("a,kind\n1,x,\n", "', line 2: expected 2 cells, one per column, found 3"),
        ("a,kind\n1,x\n\n2,y\n", "', line 3: expected a row, found a blank line"),
        ("\na,kind\n1,x\n", "', line 1: expected a row, found a blank line"),
        ("a,b,kind\n1,2,x\n1,two,y\n", "', line 3, column 'b': expected a finite number, found 't"),
        ("a,kind\n1_0,x\n", "', line 2, column 'a': expected a finite number, found '1_0'"),
        ('a,kind\n"1,5",x\n', "', line 2, column 'a': expected a finite number, found '1,5'"),
        ("a,kind\nnan,x\n", "', line 2, column 'a': expected a finite number, found 'nan'"),
        ("a,kind\n1,x\n-inf,y\n", "', line 3, column 'a': expected a finite number, found '-inf'"),
        ("a,kind\n1e999,x\n", "', line 2, column 'a': expected a finite number, found '1e999'"),
        ("a,kind\n1,x\n,y\n", "', line 3, column 'a': .*the cell is empty"),
        ("a,kind\n1,x\n2,\n3,y\n", "', line 3, column 'kind': the cell is empty"),
        ("a,kind\n1,0\n2,\n3,1\n", "', line 3, column 'kind': .*the cell is empty"),
        ("a,kind\n1,0\n2,NaN\n3,1\n", "', line 3, column 'kind': .*found 'NaN'"),
        ("a,kind\n1,x\n2,x\n", "', column 'kind': expected at least two classes, found only 'x'"),
        (b"a,kind\n1,x\n2,\xff\n", "', line 3: the byte 0xFF is not UTF-8"),
        (b"\xef\xbb\xbfa,kind\r\n\xe9,x\r\n", "', line 2: the byte 0xE9 is not UTF-8"),
        (b"a,kind\r1,x\r2,\xff\r", "', line 3: the byte 0xFF is not UTF-8"),
        ('a,kind\n1,x\n2,"y\n3,x\n', "', line 3: cannot be read as CSV, from this line on"),
        ('a,kind\n1,x\n2,"y"z\n', "', line 3: cannot be read as CSV"),
    ],
)
def test_content_errors_name_file_line_and_column(table, content, message):
    path = table(content)
    with pytest.raises(DataError) as caught:
        read_csv(path)
    assert str(caught.value).startswith(f"read_csv: '{path}'")
    caught.match(message)


@pytest.mark.parametrize("header", ["0,1,x", "0,1,2", "1,2,3", "1989,1990,1991", "5,3,kind"])
def test_columns_may_be_named_by_numbers(table, header):
    rows = read_csv(table(f"{header}\n5,3,x\n4,9,y\n"))
    assert rows.feature_names == tuple(header.split(",")[:2])
    assert rows.x.tolist() == [[5, 3], [4, 9]]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_numbers_count_the_lines_inside_quotes(table, newline):
    lines = ["a,kind", '1,"x', 'still x"', '2,"y', "", 'still y"', "oops,x", ""]
    with pytest.raises(DataError, match=r"line 7, column 'a': expected a finite number.*'oops'"):
        read_csv(table(newline.join(lines)))


def test_a_row_over_several_lines_has_the_number_of_its_first(table):
    with pytest.raises(DataError, match="line 3, column 'b'"):
        read_csv(table('a,b,kind\n1,2,x\n3,"4\n5",y\n'))


def test_missing_file(tmp_path):
    with pytest.raises(DataError, match=r"read_csv: cannot read '.*no.csv': No such file"):
        read_csv(tmp_path / "no.csv")


def test_missing_target_lists_the_columns_and_suggests_one(table):
    path = table("length,width,species\n1,2,x\n3,4,y\n")
    message = (
        r"has no column 'speices' \(did you mean 'species'\?\); its columns are 'length', 'width', "
        "'species'"
    )
    with pytest.raises(DataError, match=message):
        read_csv(path, target="speices")
    with pytest.raises(DataError, match=r"has no column 'q'; its columns are 'length'"):
        read_csv(path, target="q")


def test_a_long_list_of_columns_is_cut(table):
    header = ",".join(f"c{i}" for i in range(300))
    with pytest.raises(DataError, match=r"'c18', 'c19', \.\.\. \(300 in all\)$"):
        read_csv(table(f"{header}\n"), target="price")


def test_the_target_is_not_a_feature(table):
    with pytest.raises(DataError, match="'b' is both the target and among feature_names"):
        read_csv(table("a,b\n1,2\n3,4\n"), feature_names=["a", "b"])


def test_regression_target_that_is_no_number(table):
    with pytest.raises(DataError, match="line 3, column 'b': expected a finite number, found 'x'"):
        read_csv(table("a,b\n1,2\n3,x\n"), task="regression")


def test_unknown_task(table):
    with pytest.raises(DomainError, match="task is 'cluster'; expected 'classification' or 'regr"):
        read_csv(table("a,b\n1,2\n"), task="cluster")


def test_features_are_selected_by_name(table):
    path = table("name,b,a\nMomo,2,1\nTom,4,3\n")
    x = read_csv_features(path, ["a", "b"])
    assert x.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert x.dtype == np.float64


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,c\n1,2\n", "' has no column 'b'; its columns are 'a', 'c'"),
        ("x,y\n1,2\n", "' has no column 'a', 'b'; its columns are 'x', 'y'"),
        ("a,b\n", "' has a header row only"),
        ("a,b\n1,2\n3,?\n", r"', line 3, column 'b': expected a finite number, found '\?'"),
        ("a,b\n1\n", "', line 2: expected 2 cells"),
    ],
)
def test_feature_errors(table, content, message):
    with pytest.raises(DataError, match=f"read_csv_features: '.*table.csv{message}"):
        read_csv_features(table(content), ["a", "b"])


def test_write_csv_text(tmp_path):
    path = tmp_path / "out.csv"
    write_csv(path, ["a", "b, c"], [[1, 'say "x"'], [np.float64(0.1), "é"]])
    assert path.read_bytes() == 'a,"b, c"\n1,"say ""x"""\n0.1,é\n'.encode()


def test_floats_survive_a_file(tmp_path):
    x = np.random.default_rng(0).normal(size=(50, 3)) * [1e-300, 1.0, 1e300]
    write_csv(tmp_path / "x.csv", ["a", "b", "c"], x)
    np.testing.assert_array_equal(read_csv_features(tmp_path / "x.csv", ["a", "b", "c"]), x)


def test_a_bad_row_leaves_the_old_file(tmp_path):
    path = tmp_path / "out.csv"
    write_csv(path, ["a"], [[1]])
    with pytest.raises(ShapeError, match=r"write_csv: rows\[1\] has 2 cells; expected 1"):
        write_csv(path, ["a"], [[1], [2, 3]])
    assert path.read_text() == "a\n1\n"
    assert os.listdir(tmp_path) == ["out.csv"]


def test_write_to_a_missing_folder(tmp_path):
    with pytest.raises(DataError, match=r"write_csv: cannot write '.*nowhere/x.csv': No such file"):
        write_csv(tmp_path / "nowhere" / "x.csv", ["a"], [])


def test_a_label_that_is_nan_is_missing(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,x\n2,NaN\n3,y\n")
    with pytest.raises(DataError, match=r"line 3, column 'b': expected a label, found 'NaN'"):
        read_csv(path)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"target": 2}, DTypeError, "read_csv: target is 2; expected the name of a column"),
        ({"feature_names": "ab"}, DTypeError, "read_csv: feature_names is 'ab'; expected a list"),
        ({"feature_names": [0, 1]}, DTypeError, r"read_csv: feature_names is \[0, 1\]; expected"),
        ({"feature_names": ["a", "a"]}, DomainError, "feature_names .* expected each name once"),
        ({"target_names": ["y", "x", "y"]}, DomainError, "target_names .* expected each name once"),
    ],
)
def test_names_that_cannot_be(table, options, error, message):
    path = table("a,b,kind\n1,2,x\n3,4,y\n")
    with pytest.raises(error, match=message):
        read_csv(path, **options)
    with pytest.raises(DTypeError, match="read_csv_features: feature_names is 'ab'"):
        read_csv_features(path, "ab")


@pytest.mark.parametrize("header", ["1990,2000,2010,2020", "0,2,5,8"])
def test_headers_of_numbers_that_rise(header, table):
    data = read_csv(table(f"{header}\n4,2,9,1\n3,7,2,6\n"), task="regression")
    assert data.y.tolist() == [1.0, 6.0]


def test_a_header_that_is_named_is_no_row_of_data(table):
    data = read_csv(table("4,0,1\n0,7,2\n4,6,9\n"), target="4")
    assert data.x.tolist() == [[7.0, 2.0], [6.0, 9.0]]


def test_a_row_of_one_number_and_a_label_is_no_header(table):
    with pytest.raises(DataError, match=r"line 1: expected a header row .* found '5', 'setosa'"):
        read_csv(table("5,setosa\n4,setosa\n6,virginica\n"))

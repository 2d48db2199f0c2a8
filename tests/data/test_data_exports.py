import minigrad.data


def test_public_names():
    assert set(minigrad.data.__all__) == {
        "Dataset",
        "Standardizer",
        "batches",
        "load_digits",
        "load_idx_folder",
        "load_iris",
        "load_mnist",
        "n_hot",
        "one_hot",
        "read_csv",
        "read_csv_features",
        "read_idx",
        "train_test_split",
        "write_csv",
        "write_idx",
    }
    assert all(hasattr(minigrad.data, name) for name in minigrad.data.__all__)

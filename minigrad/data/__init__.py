"""Data sets, and reading, encoding, scaling, splitting and batching them for training."""

from minigrad.data.batching import batches
from minigrad.data.dataset import Dataset
from minigrad.data.embedded import load_digits, load_iris
from minigrad.data.encoding import n_hot, one_hot
from minigrad.data.idx import read_idx, write_idx
from minigrad.data.mnist import load_idx_folder, load_mnist
from minigrad.data.scaling import Standardizer
from minigrad.data.splitting import train_test_split
from minigrad.data.tables import read_csv, read_csv_features, write_csv

__all__ = [
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
]

"""PyTorch with the model compiled by ``torch.compile``; needs a C++ compiler."""

import shutil

from speed.peers import torch_eager

PACKAGE = "torch"
CANNOT: dict[str, str] = {}

if not (shutil.which("g++") or shutil.which("clang++")):
    raise ImportError("torch.compile needs a C++ compiler")


def step(net):
    return torch_eager.step(net, compiled=True)

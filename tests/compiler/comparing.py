"""What a thing trained step by step and a compiled one must have in common."""

import numpy as np

RTOL = {np.dtype(np.float64): 1e-10, np.dtype(np.float32): 2e-4}


def assert_close(here, there):
    here, there = np.asarray(here), np.asarray(there)
    assert here.shape == there.shape
    assert here.dtype == there.dtype
    rtol = RTOL.get(here.dtype, 0)
    np.testing.assert_allclose(here, there, rtol, rtol)


def assert_same_tensors(ours, theirs):
    for here, there in zip(ours, theirs, strict=True):
        assert type(here.data) is np.ndarray
        assert_close(here.data, there.data)
        assert (here.grad is None) is (there.grad is None)
        if here.grad is not None:
            assert type(here.grad) is np.ndarray
            assert_close(here.grad, there.grad)


def assert_same_states(ours, theirs):
    for here, there in zip(ours.state, theirs.state, strict=True):
        assert here.keys() == there.keys()
        for slot in here:
            assert_close(here[slot], there[slot])


def bits(*things):
    """The very bits of tensors, gradients, optimizer states and generators."""
    found = []
    for thing in things:
        if hasattr(thing, "bit_generator"):
            found.append(thing.bit_generator.state)
        elif hasattr(thing, "state"):
            found += [{k: np.asarray(v).tobytes() for k, v in s.items()} for s in thing.state]
        else:
            grad = None if thing.grad is None else thing.grad.tobytes()
            found.append((thing.data.tobytes(), grad))
    return found

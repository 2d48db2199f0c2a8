"""Both back ends, where Numba is installed."""

import pytest


@pytest.fixture(params=["numpy", "numba"])
def backend(request):
    return request.param

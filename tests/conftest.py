"""What all tests share: property tests draw the same examples on every run, without a deadline."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("minigrad", derandomize=True, deadline=None, database=None)
settings.load_profile("minigrad")


def pytest_sessionfinish(session, exitstatus):
    """Where everything the tests compare with is installed, a skip is a failure.

    Elsewhere ``MINIGRAD_SKIPPED`` names a file that gets the tests that were skipped, for
    ``pytest @FILE`` to run them later.
    """
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None:  # a worker process, which tells its results to the one that reports
        return
    skipped = {report.nodeid: None for report in reporter.stats.get("skipped", [])}
    if path := os.environ.get("MINIGRAD_SKIPPED"):
        Path(path).write_text("".join(f"{test}\n" for test in skipped), encoding="utf-8")
    if os.environ.get("MINIGRAD_NO_SKIPS") and reporter.stats.get("skipped") and exitstatus == 0:
        reporter.write_line("skipped tests, although MINIGRAD_NO_SKIPS is set", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(params=["numpy", "numba"])
def backend(request):
    """Both back ends of compiled functions."""
    return request.param

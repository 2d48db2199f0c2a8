"""What all tests share: property tests draw the same examples on every run, without a deadline."""

from hypothesis import settings

settings.register_profile("minigrad", derandomize=True, deadline=None, database=None)
settings.load_profile("minigrad")

"""The parts of `checker_power.py`."""

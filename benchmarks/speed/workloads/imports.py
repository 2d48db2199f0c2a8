"""How long an import takes, in an interpreter of its own; NumPy's is part of most others'."""

from speed.workload import Workload

WORKLOADS = {
    "import": Workload("import_time", lambda: None, warm_up=1, self_timed=True),
}

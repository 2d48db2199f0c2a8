"""What `benchmarks/run.py` is made of: workloads, peers, and the turns they take."""

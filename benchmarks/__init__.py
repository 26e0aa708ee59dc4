"""Our way of doing a workload beside the peers a user would pick instead: `python -m benchmarks W1 --size small`."""

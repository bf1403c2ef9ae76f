"""Measurements that take minutes. Each is a script: `python -m benchmarks.NAME --help`."""

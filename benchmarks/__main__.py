"""Command line of the benchmarks: one workload, one size."""

from __future__ import annotations

import argparse

from benchmarks import w1, w1g, w6

WORKLOADS = {"W1": w1.measure, "W1g": w1g.measure, "W6": w6.measure}


def main() -> int:
    """Run one workload; exit status 1 when the contenders do not agree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("id", choices=sorted(WORKLOADS), help="workload of the performance table")
    parser.add_argument(
        "--size", default="default", help="small, default or full; what they mean depends on the workload"
    )
    parser.add_argument("--rounds", type=int, default=3, help="measured rounds, after one round of warming up")
    given = parser.parse_args()
    if given.rounds < 3:
        parser.error("--rounds must be at least 3")
    verdict = WORKLOADS[given.id](given.size or "default", given.rounds)
    print(verdict.line())
    return 0 if verdict.correct else 1


if __name__ == "__main__":
    raise SystemExit(main())

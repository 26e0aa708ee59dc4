"""Command line of the benchmarks: one workload, one size."""

from __future__ import annotations

import argparse

from benchmarks import w1, w1g, w4, w6

WORKLOADS = {"W1": w1.measure, "W1g": w1g.measure, "W4": w4.measure, "W6": w6.measure}
SIZES = {"W1": w1.SIZES, "W1g": w1g.SIZES, "W4": w4.SIZES, "W6": w6.SIZES}
ROUNDS = {"W1": 15, "W1g": 5, "W4": 5, "W6": 3}  # short workloads need more to meet a quiet moment of a shared machine


def main() -> int:
    """Run one workload; exit status 1 when the contenders do not agree."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("id", choices=sorted(WORKLOADS), help="workload of the performance table")
    parser.add_argument("--size", default="default", help="small, default or full: see benchmarks/README.md")
    parser.add_argument("--rounds", type=int, help="measured rounds, at least 3, after one round of warming up")
    given = parser.parse_args()
    rounds = given.rounds or ROUNDS[given.id]
    if rounds < 3:
        parser.error("--rounds must be at least 3")
    if given.size not in SIZES[given.id]:
        parser.error(f"--size of {given.id} is one of {', '.join(SIZES[given.id])}")
    verdict = WORKLOADS[given.id](given.size, rounds)
    print(verdict.line())
    return 0 if verdict.correct else 1


if __name__ == "__main__":
    raise SystemExit(main())

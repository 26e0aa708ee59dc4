"""The harness: contenders run in turn in one process, several rounds, and are judged by their best round.

The first round warms up (compiles loops, fills caches) and is not counted. Contenders alternate within a round, so
that a slow spell of a shared machine falls on all of them; ratios are quoted, not seconds.
"""

from __future__ import annotations

import gc
import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gisrisk.errors import GisriskError


@dataclass
class Contender:
    """One way of doing the workload.

    `run` gives its answer, or `check` says afterwards what was done; `prepare` is called before each run. Only `run` is
    timed.
    """

    name: str
    run: Callable[[], Any]
    ours: bool = False
    prepare: Callable[[], None] | None = None
    check: Callable[[], Any] | None = None
    note: str = ""
    seconds: list[float] = field(default_factory=list)
    peak_mib: float = 0.0
    answer: Any = None

    @property
    def best_s(self) -> float:
        return min(self.seconds)


@dataclass(frozen=True)
class Verdict:
    """The last line of a benchmark."""

    workload: str
    ratio: float | None
    goal: float
    correct: bool

    def line(self) -> str:
        ratio = "none" if self.ratio is None else f"{self.ratio:.2f}"
        return f"{self.workload} ratio_to_best_peer={ratio} goal={self.goal} correct={'yes' if self.correct else 'no'}"


def run_rounds(contenders: Sequence[Contender], rounds: int) -> None:
    """Warm up, then measure every contender once in each round, in turn."""
    for number in range(rounds + 1):
        for contender in contenders:
            if contender.prepare is not None:
                contender.prepare()
            contender.answer = None
            gc.collect()
            before_mib = _reset_peak()
            children_before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            started = time.perf_counter()
            contender.answer = contender.run()
            seconds = time.perf_counter() - started
            children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
            own_mib = _status_mib("VmHWM") - before_mib
            if contender.check is not None:
                contender.answer = contender.check()
            if children > children_before:
                contender.peak_mib = max(contender.peak_mib, children / 1024)
            if number:
                contender.peak_mib = max(contender.peak_mib, own_mib)
                contender.seconds.append(seconds)


def report(title: str, contenders: Sequence[Contender], absent: dict[str, str]) -> float | None:
    """Print the table; return best peer / ours, None without a peer."""
    ours = next(contender for contender in contenders if contender.ours)
    peers = [contender for contender in contenders if not contender.ours and not contender.note.startswith("ours")]
    print(f"\n{title}")
    print(f"{machine()}; {len(ours.seconds)} rounds after 1 of warming up, best of each; load {os.getloadavg()[0]:.1f}")
    print(f"{'way':<58}{'best s':>9}{'median s':>10}{'x ours':>8}{'peak MiB':>10}")
    for contender in contenders:
        times = f"{contender.best_s:>9.3f}{statistics.median(contender.seconds):>10.3f}"
        print(f"{contender.name:<58}{times}{contender.best_s / ours.best_s:>8.2f}{contender.peak_mib:>10.0f}")
        if contender.note:
            print(f"    {contender.note}")
    for name, reason in absent.items():
        print(f"{name:<58}not run: {reason}")
    return min(peer.best_s for peer in peers) / ours.best_s if peers else None


def machine() -> str:
    """Processors and versions, without naming the host."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{processors} processors ({model}), Python {platform.python_version()}"


def reason_of(error: BaseException) -> str:
    """First line of an error, for the table."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:150]}" if text else type(error).__name__


UNAVAILABLE = (GisriskError, ImportError, OSError)
"""What a missing peer raises."""


def _reset_peak() -> float:
    """Set the peak of resident memory back to what is resident now; return that [MiB]."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return _status_mib("VmHWM")
    return _status_mib("VmRSS")


def _status_mib(key: str) -> float:
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if line.startswith(key))

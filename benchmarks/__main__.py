"""`python -m benchmarks [P1,P2,…] [--smoke] [--output FILE]`: measure, print one table, judge.

Everything runs on this machine in a throw-away directory: PostgreSQL, Valkey, the simulator, the
product's processes. Exit code 0 only where every figure that ran meets its target. `--smoke` runs
through all of it with next to no documents and judges nothing: it shows that the harness works.
"""

import argparse
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import bench, machine, p1, p2, p3, p4, p5, p6, p7, p8, p9, raw_storage, results
from lrm.local import local_services

FIGURES: dict[str, Callable[[bench.Bench], list[results.Row]]] = {
    "P1": p1.measure,
    "P2": p2.measure,
    "P3": p3.measure,
    "P4": p4.measure,
    "P5": p5.measure,
    "P6": p6.measure,
    "P7": p7.measure,
    "P8": p8.measure,
    "P9": p9.measure,
    "RAW": raw_storage.measure,
}
# Takes the figures measured so far, their rows, and what there is to say of the machine.
Keep = Callable[[Sequence[str], Sequence[results.Row], Sequence[str]], None]
RESULTS = Path(__file__).with_name("RESULTS.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure what was asked for; return the exit code."""
    asked = _parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parent = Path(tempfile.mkdtemp(prefix="lrm-bench-"))
    # A run through is judged by nobody: its PostgreSQL need not wait for the disk.
    directory = parent / ("tests" if asked.smoke else "bench")
    directory.mkdir()
    before = asked.output.read_text() if asked.output and asked.output.exists() else ""

    def keep(names: Sequence[str], rows: Sequence[results.Row], notes: Sequence[str]) -> None:
        if asked.output:
            asked.output.write_text(_page(names, rows, notes, before=before))

    try:
        rows, notes = _measure(asked.only, directory, smoke=asked.smoke, keep=keep)
    except (bench.PartFailed, local_services.LocalServiceFailed) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 1
    finally:
        local_services.leave(directory)
        shutil.rmtree(parent, ignore_errors=True)
    print(f"\n{results.text_table(rows)}\n\n" + "\n".join(notes))
    return 0 if asked.smoke or results.all_met(rows) else 1


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description="Measure the figures.")
    parser.add_argument("only", nargs="?", type=_names, default=list(FIGURES), metavar="P1,P2")
    parser.add_argument("--smoke", action="store_true", help="tiny sizes, nothing judged")
    parser.add_argument("--output", type=Path, help="where the table goes; RESULTS.md by default")
    asked = parser.parse_args(arguments)
    if asked.output is None and not asked.smoke:
        asked.output = RESULTS
    return asked


def _names(text: str) -> list[str]:
    names = [one.strip().upper() for one in text.split(",") if one.strip()]
    unknown = [one for one in names if one not in FIGURES]
    if unknown or not names:
        raise argparse.ArgumentTypeError(f"choose from {', '.join(FIGURES)}")
    return names


def _measure(
    names: Sequence[str], directory: Path, *, smoke: bool, keep: Keep
) -> tuple[list[results.Row], list[str]]:
    """Measure one figure after the other; each is kept at once, should the next never end."""
    here = bench.Bench(directory, smoke=smoke)
    rows: list[results.Row] = []
    loads = []
    try:
        notes = machine.describe(database_url=here.database_url, redis_url=here.redis_url)
        for number, name in enumerate(names, start=1):
            began = time.monotonic()
            loads.append(f"{name}: {machine.now()}, {machine.cores()}, began at {machine.load()}")
            print(f"• {name}", flush=True)
            found = FIGURES[name](here)
            for row in found:
                print(f"    {row.what}: {row.ours}; {row.ratio or ''} {row.target}", flush=True)
            rows += found
            loads[-1] += f" and took {time.monotonic() - began:.0f} s"
            keep(names[:number], rows, [*notes, *loads])
    finally:
        here.close()
    return rows, [*notes, *loads]


def _page(
    names: Sequence[str], rows: Sequence[results.Row], notes: Sequence[str], *, before: str
) -> str:
    """Return the page of results; what was not measured this time stays as it was."""
    others = [name for name in FIGURES if name not in names]
    lines = [
        "# Results",
        "",
        "`make bench ONLY=P1,P2`, or all of them with `make bench`. Ratios are of one run on one "
        "machine, medians of at least three rounds; what each figure means stands at the top of "
        "its module. A figure that was not measured in the latest run keeps its rows, and the day "
        "on which it was.",
        "",
        *results.in_order([f"- {note}" for note in notes], results.kept_notes(before, others)),
        "",
        results.markdown_table(rows, kept=results.kept_rows(before, others)),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())

"""P8: webhooks and pages while a part hangs: Valkey stopped, Xero slow for people, a long pull.

The simulator gives its first organisation all the documents it was asked for, and its second a
tenth. The first portal's are pulled, the second's are looked at and told of by webhooks. Xero's
limits hold, as they do wherever a million documents are pulled: some fifty calls a minute, so that
this takes eighteen.

The whole product runs as the image runs it, on a Valkey of its own that may be stopped. Load comes
from a process of its own at an even pace, so that an answer that is late makes no request wait.
"""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

from benchmarks import bench, results, workers
from lrm.demo import ports, stack
from lrm.local import valkey

# 72 in a hundred are sales documents: a million of them.
DOCUMENTS, TINY = 1_390_000, 1_200
SECONDS, TINY_SECONDS = 30, 3
# Webhooks a second. The product answers some 1,500: this is what is felt, not what it can take.
RATE = 20
MOST_MILLISECONDS = 1000
LONGEST_SECONDS = 1800
FAULTS = {
    "valkey": "Valkey stopped",
    "clicks": "12 View Invoice clicks that Xero answers in 25 s",
    "first": "a first sync of {pulled:,} documents at Xero's limits",
}


def measure(here: bench.Bench) -> list[results.Row]:
    """Measure what is quiet, then each fault beside it."""
    documents = here.size(DOCUMENTS, TINY)
    with (
        here.simulator("--documents", str(documents)) as running,
        _valkey(here) as (process, redis_url),
    ):
        environment = here.product(running, REDIS_URL=redis_url)
        made = here.part("connect", "2", environment=environment)["portals"]
        looked_at = here.part(
            *("resync", made[1]["slug"]), environment=environment, seconds=LONGEST_SECONDS
        )
        if looked_at["state"] != "DONE":
            raise bench.PartFailed(f"The documents to look at did not come: {looked_at}")
        here.manage("collectstatic", "--noinput", "-v", "0", environment=environment)
        with ExitStack() as up:
            url = up.enter_context(workers.web(here, environment))
            up.enter_context(workers.running(here, environment, queues="people,events"))
            up.enter_context(workers.running(here, environment, queues="bulk"))
            up.enter_context(workers.beat(here, environment))
            told = {
                fault: here.part(
                    *("hanging", url, running.url, stack.WEBHOOK_KEY),
                    *(str(here.size(SECONDS, TINY_SECONDS)), str(RATE)),
                    *(fault, str(process.pid)),
                    environment=environment,
                    seconds=LONGEST_SECONDS,
                )
                for fault in ("quiet", *FAULTS)
            }
    quiet = told.pop("quiet")
    words = {fault: text.format(**told[fault]) for fault, text in FAULTS.items()}
    return [row for fault, seen in told.items() for row in _rows(words[fault], seen, quiet)]


@contextmanager
def _valkey(here: bench.Bench) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Run a Valkey that may be stopped without stopping anybody else's."""
    home = here.directory / "valkey-of-p8"
    home.mkdir()
    port = ports.free_port()
    process = subprocess.Popen(valkey.command(home, port), stdout=subprocess.DEVNULL)
    try:
        if not valkey.answers(process, port):
            raise bench.PartFailed("Valkey ended before it answered.")
        yield process, f"redis://127.0.0.1:{port}/0"
    finally:
        process.kill()
        process.wait()


def _rows(what: str, seen: Mapping[str, Any], quiet: Mapping[str, Any]) -> Iterator[results.Row]:
    slowest = results.percentile(seen["webhooks"], 0.99)
    usually = results.percentile(quiet["webhooks"], 0.99)
    pages, before = (results.percentile(each["pages"], 0.95) for each in (seen, quiet))
    settled = seen["settled_seconds"]
    yield results.figure_of(
        "P8",
        f"{what}: p99 of webhooks",
        f"{slowest:.0f} ms",
        other=f"{usually:.0f} ms quiet",
        target="<= 1 s",
        holds=slowest <= MOST_MILLISECONDS,
    )
    yield results.figure_of(
        "P8",
        f"{what}: webhooks sent, and stored",
        f"{seen['stored']:,} stored",
        other=f"{seen['sent']:,} sent, {seen['failed']} failed",
        target="none lost",
        holds=seen["stored"] == seen["sent"] and not seen["failed"],
    )
    yield results.at_most(
        "P8",
        f"{what}: p95 of pages",
        f"{pages:.0f} ms",
        f"{before:.0f} ms quiet",
        ratio=pages / before,
        target=1.5,
    )
    yield results.figure_of(
        "P8",
        f"{what}: all is settled after it ends in",
        f"{settled:.1f} s",
        target="<= 30 s",
        holds=settled <= 30,
    )

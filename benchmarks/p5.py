"""P5: from a learner that is saved to its contact in Xero, and what a thousand of them cost.

The whole product runs. Somebody signs in and saves learners by the form, one after the other, with
nobody else about and while a re-sync runs; what is measured begins when the form is sent and ends
at the instant at which Xero's books have the contact, by the clock that both share. Then a thousand
learners are saved at once, as an import saves them, and one after the other, as fast as they go;
and a thousand more that Xero has already, by number and name. At last a file of learners is
imported by the pages, from sending it to the page that says so. Xero announces each of them; what
it announces of our own writes is put off for a quarter of a minute and fetched together, never left
out (`xero_sync.webhooks.event_echoes` says why), so that all there is counts.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from benchmarks import bench, p4_events, results, workers
from lrm.demo import ports

DOCUMENTS, TINY_DOCUMENTS = 26_000, 1_200
# Of these some eight in ten are learners.
CONTACTS, TINY_CONTACTS = 1_400, 60
LEARNERS, TINY_LEARNERS = 100, 3
MANY, TINY_MANY = 1000, 20
MOST_CALLS = 25
IMPORTED, TINY_IMPORTED = 20_000, 30
MOST_IMPORT_SECONDS = 60
PAGES = {"DJANGO_SETTINGS_MODULE": "benchmarks.page_settings"}


def measure(here: bench.Bench) -> list[results.Row]:
    """Run the whole product, save learners one by one, then many."""
    port = ports.free_port()
    with here.simulator(
        *(*bench.WITHOUT_LIMITS, "--documents", str(here.size(DOCUMENTS, TINY_DOCUMENTS))),
        *("--contacts", str(here.size(CONTACTS, TINY_CONTACTS))),
        webhook_url=f"http://localhost:{port}/webhooks/xero/",
    ) as running:
        environment = here.product(running, **bench.NO_LIMITS) | PAGES
        here.manage("collectstatic", "--noinput", "-v", "0", environment=environment)
        made = here.part("connect", "1", environment=environment)["portals"][0]
        # As it stands once a portal is connected: contacts and documents are here.
        here.part("sweep", "1", environment=environment)
        here.part("resync", made["slug"], environment=environment)
        with (
            workers.web(here, environment, port=port) as url,
            workers.running(here, environment, queues="people,events"),
            workers.running(here, environment, queues="bulk"),
            workers.beat(here, environment),
        ):
            p4_events.pass_intent(running)
            rows = [
                *_one_by_one(here, environment, running, made, url, during_resync=False),
                *_one_by_one(here, environment, running, made, url, during_resync=True),
                *_many(here, environment, running, made, how="together"),
                *_many(here, environment, running, made, how="singly"),
                *_many(here, environment, running, made, how="known"),
                _imported(here, environment, made, url),
            ]
    return rows


def _one_by_one(
    here: bench.Bench,
    environment: dict[str, str],
    running: bench.Simulator,
    made: dict[str, Any],
    url: str,
    *,
    during_resync: bool,
) -> list[results.Row]:
    count = here.size(LEARNERS, TINY_LEARNERS)
    what = "resync" if during_resync else "quiet"
    told = here.part("save_learners", url, made["slug"], str(count), what, environment=environment)
    arrived = _arrivals(running, made["tenant"])
    seconds = [arrived[number] - sent for number, sent in told["sent_at"].items()]
    p50, p99 = (results.percentile(seconds, share) for share in (0.5, 0.99))
    when = f" during {told['resyncs']} re-syncs" if during_resync else ""
    words = f"learner saved by the form to contact in Xero, {len(seconds)} learners{when}"
    return [
        results.figure_of("P5", f"{words}: p50", f"{p50:.2f} s", target="<= 1 s", holds=p50 <= 1),
        results.figure_of("P5", f"{words}: p99", f"{p99:.2f} s", target="<= 3 s", holds=p99 <= 3),
    ]


def _arrivals(running: bench.Simulator, tenant: str) -> dict[str, float]:
    """Return when each contact was written last, by its number, in seconds since the epoch."""
    contacts = running.show("books", tenant=tenant)["contacts"]
    return {
        one["number"]: datetime.fromisoformat(one["updated_utc"]).timestamp() for one in contacts
    }


_WAYS = {
    "together": "new learners, saved at once",
    "singly": "new learners, saved one after the other as fast as it goes",
    "known": "learners that Xero has already, by number and name, saved at once",
}


def _many(
    here: bench.Bench,
    environment: dict[str, str],
    running: bench.Simulator,
    made: dict[str, Any],
    *,
    how: str,
) -> list[results.Row]:
    """Save many learners and count the calls, with those for the webhooks that they cause."""
    count = str(here.size(MANY, TINY_MANY))
    running.forget_calls()
    told = here.part("save_many", running.url, made["slug"], count, how, environment=environment)
    calls = running.calls()
    what = f"{told['learners']:,} {_WAYS[how]}"
    ours = f"{len(calls)}, all in Xero after {told['seconds']:.1f} s"
    rows = [results.Row("P5", f"calls for {what}, all there were ({_kinds(calls)})", ours)]
    if how == "together":
        # A sweep of documents that is due just then has nothing to do with learners.
        about = [one for one in calls if one["path"].endswith("/Contacts")]
        # Their numbers and names are new, so only what webhooks name is asked for by id or by time.
        sent = [one for one in about if one["method"] != "GET" or "where=" in one["query"]]
        rows += [
            _most(f"calls for {what}, with those for the webhooks of it", about),
            _most(f"calls for {what}, without those for the webhooks of it", sent),
        ]
    return rows


def _imported(
    here: bench.Bench, environment: dict[str, str], made: dict[str, Any], url: str
) -> results.Row:
    count = str(here.size(IMPORTED, TINY_IMPORTED))
    told = here.part("import_learners", url, made["slug"], count, environment=environment)
    preview, in_all = told["preview_seconds"], told["seconds"]
    return results.figure_of(
        "P5",
        f"{told['learners']:,} learners imported from a file, from sending it to all of them here",
        f"{in_all:.1f} s, of which {preview:.1f} s to the preview",
        target=f"<= {MOST_IMPORT_SECONDS} s",
        holds=in_all <= MOST_IMPORT_SECONDS,
    )


def _most(words: str, calls: list[dict[str, Any]]) -> results.Row:
    return results.figure_of(
        "P5",
        f"{words} ({_kinds(calls)})",
        str(len(calls)),
        target=f"<= {MOST_CALLS} calls",
        holds=len(calls) <= MOST_CALLS,
    )


def _kinds(calls: list[dict[str, Any]]) -> str:
    counts = Counter(f"{one['method']} {one['path'].rsplit('/', 1)[1]}" for one in calls)
    return ", ".join(f"{number} x {name}" for name, number in sorted(counts.items()))

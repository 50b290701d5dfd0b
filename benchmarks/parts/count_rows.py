"""`count_rows TABLE`: how many rows a table has."""

import json
import sys

from django.apps import apps

from benchmarks.parts import product  # noqa: F401 - sets Django up, and must come first


def main(label: str) -> None:
    """Print the count of a model's rows, `app.Model`."""
    print(json.dumps({"rows": apps.get_model(label).objects.count()}))


if __name__ == "__main__":
    main(sys.argv[1])

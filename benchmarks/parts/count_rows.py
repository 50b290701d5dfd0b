"""`count_rows TABLE`: how many rows a table has."""

import json
import sys

from django.apps import apps

from benchmarks.parts import product


def main(label: str) -> None:
    """Print the count of a model's rows, `app.Model`."""
    assert product.settings.DATABASES
    print(json.dumps({"rows": apps.get_model(label).objects.count()}))


if __name__ == "__main__":
    main(sys.argv[1])

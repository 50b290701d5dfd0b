"""Instants in UTC, whatever the time zone of who asks; and what every list may be asked for."""

import datetime
from typing import Any

from rest_framework import serializers

from lrm.rest import cursors


class Instant(serializers.DateTimeField):
    """A moment, ISO 8601 in UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(default_timezone=datetime.UTC, **options)


class ListQuery(serializers.Serializer[Any]):
    """What every list may be asked for."""

    limit = serializers.IntegerField(
        min_value=1, max_value=200, default=100, help_text="How many at most; fewer at the end."
    )
    cursor = serializers.CharField(
        max_length=cursors.MOST_CHARACTERS,
        default="",
        help_text="Where to go on. Take it from `next` of the page before, as it is.",
    )


class UpdatedQuery(ListQuery):
    """What lists of things that change may be asked for."""

    updated_since = serializers.DateTimeField(
        required=False,
        default_timezone=datetime.UTC,
        help_text=(
            "Only what was changed here at or after this moment, such as `2026-07-01T00:00:00Z`. "
            "Go back a few minutes before you last asked: a change shows once it is stored."
        ),
    )

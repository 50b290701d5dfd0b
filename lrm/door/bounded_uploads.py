"""Uploads that are too large are read past and thrown away: they fill neither memory nor disk."""

from django.core.files.uploadhandler import FileUploadHandler, SkipFile
from django.http import HttpRequest

# Larger than any file that a page of ours takes; the page itself says how large that may be.
MOST_BYTES = 20_000_000
_TOO_LARGE = "lrm.upload_too_large"


class BoundedUploadHandler(FileUploadHandler):
    """Stands before Django's own handlers, and skips a file once it has grown too large."""

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Pass the chunk on while there is room.

        :raises SkipFile: there is none; what comes after is read past.
        """
        if start + len(raw_data) > MOST_BYTES:
            if self.request is not None:
                self.request.META[_TOO_LARGE] = True
            raise SkipFile
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave making the file to the handlers behind."""


def was_too_large(request: HttpRequest) -> bool:
    """Return whether a file of this request was thrown away because of its size."""
    # Files are read when somebody first asks for them.
    return bool(request.FILES is not None and request.META.get(_TOO_LARGE))

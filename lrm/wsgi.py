"""The WSGI entry point that gunicorn serves.

Forms and JSON are UTF-8, whatever a request says: the standards of both give a `charset` no
meaning. Django would read them by it, and fails where Python knows it as no encoding of text, such
as `rot13`, so it is taken away before Django sees it.
"""

import os
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.wsgi import get_wsgi_application

from lrm import mail, steady_memory
from lrm.observers import process_start

if TYPE_CHECKING:
    from wsgiref.types import StartResponse

_CHARSET = re.compile(r"""(?i);\s*charset\s*=\s*("[^"]*"|[^;]*)""")

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lrm.settings")
process_start.of_web()
_django = get_wsgi_application()
# gunicorn says that it is the server before it loads this. Another one, such as that of a test, is
# a guest in a process that has other things to do.
if os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn/"):
    mail.send_in_threads()
    steady_memory.settle()


def application(environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
    """Answer a request, read as UTF-8."""
    if said := environ.get("CONTENT_TYPE"):
        environ["CONTENT_TYPE"] = _CHARSET.sub("", said)
    return _django(environ, start_response)

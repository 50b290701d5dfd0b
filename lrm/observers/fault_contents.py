"""What of a fault is told: its kind, where in the code it was, and the ids that log lines have.

An event is made anew. No message of an exception is told, since it may hold what a person typed or
what PostgreSQL refused; no address, request, variable, breadcrumb or name of a host either. Of a
log line its words without their values are told, where it is our own: those stand in our code.
"""

import re
from collections.abc import Mapping
from typing import Any

from lrm.watching import log_context

_OURS = ("lrm", "connected_apps", "invoices", "xero_sync", "reports")
_AS_IT_IS = ("event_id", "timestamp", "level", "platform", "release", "environment")
# A class, a view's function, a task: dotted words, and no path.
_DOTTED = re.compile(r"[A-Za-z_<][\w.<>]*")
_FRAME = ("function", "module", "lineno", "in_app")
_IDS = {"correlation", "task", "xero"}


def told(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is told of an event of Sentry's client."""
    found = {name: event[name] for name in _AS_IT_IS if name in event}
    for name in ("transaction", "logger"):
        if _is_dotted(event.get(name)):
            found[name] = event[name]
    found["tags"] = {key: one for key, one in log_context.current().items() if key in _IDS}
    words = (event.get("logentry") or {}).get("message")
    if words and str(event.get("logger")).partition(".")[0] in _OURS:
        found["logentry"] = {"message": words}
    if exceptions := (event.get("exception") or {}).get("values"):
        found["exception"] = {"values": [_exception(one) for one in exceptions]}
    return found


def _is_dotted(text: Any) -> bool:
    return isinstance(text, str) and _DOTTED.fullmatch(text) is not None


def _exception(noted: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "Exception"}
    found |= {name: noted[name] for name in ("type", "module") if _is_dotted(noted.get(name))}
    frames = (noted.get("stacktrace") or {}).get("frames") or []
    found["stacktrace"] = {
        "frames": [{key: one[key] for key in _FRAME if key in one} for one in frames]
    }
    handled = (noted.get("mechanism") or {}).get("handled")
    found["mechanism"] = {"type": "generic", "handled": bool(handled)}
    return found

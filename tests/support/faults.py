"""Answers that Xero is told to give to the next calls."""

import json
from typing import Any

from tests.support.linked import Linked

# The body of Xero's 400 to a list that is too long for it.
REFUSED = json.dumps({"ErrorNumber": 10, "Type": "ValidationException", "Message": "Too many"})


def fault(
    linked: Linked, answer: dict[str, Any], *, times: int = 1, path: str = "/api.xro/"
) -> None:
    """Let Xero give an answer to so many calls below a path."""
    script = {"match": {"path": path}, "times": times, "answer": answer}
    linked.world.do("faults", **script)

"""A person at a browser without script: opens pages, fills in forms, presses buttons.

Only what the page offers can be sent: a form that is not there, or a field it does not have, is
an error. So a walk by this person proves that the pages lead where they should.
"""

from collections.abc import Mapping
from urllib.parse import urljoin

import requests

from lrm.demo.pages import Form, Page, PageSurprise

SECONDS = 30.0


class Person:
    """One signed-in (or not yet) person, with their cookies."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = requests.Session()
        self._session.trust_env = False  # No proxy of this machine stands between localhosts.

    def open(self, path: str) -> Page:
        """Open an address and return the page it ends on."""
        return Page(self._session.get(urljoin(self._base_url, path), timeout=SECONDS))

    def submit(
        self,
        form: Form,
        filled: Mapping[str, str] | None = None,
        *,
        button: str | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
    ) -> Page:
        """Fill in a form and press a button: its first, as the Enter key does, unless one is named.

        :param button: the value or the words of the button.
        :param files: a file's name and its bytes, by the name of the field that it is chosen in.
        :raises PageSurprise: when the form has no such field or button, or the answer is an error.
        """
        filled, files = filled or {}, files or {}
        missing = {*filled, *files} - form.names
        if missing:
            raise PageSurprise(f"The form to {form.action} has no field {', '.join(missing)}.")
        sent = [(name, value) for name, value in form.fields if name not in {*filled, *files}]
        sent += [*filled.items(), *_pressed(form, button)]
        by_get = form.method == "get"
        answer = self._session.request(
            form.method,
            form.action,
            params=sent if by_get else None,
            data=None if by_get else sent,
            files=files,
            headers={"Referer": form.action},
            timeout=SECONDS,
        )
        page = Page(answer)
        if not answer.ok:
            raise PageSurprise(f"{page.path} answered {page.status}: {page.text[:300]}")
        return page


def _pressed(form: Form, button: str | None) -> list[tuple[str, str]]:
    """Return what the pressed button sends.

    :raises PageSurprise: when the form has no button with that value or those words.
    """
    fitting = [one for one in form.buttons if button is None or button in one[1:]]
    if not fitting and button is not None:
        raise PageSurprise(f"The form to {form.action} has no button {button}.")
    return [(name, value) for name, value, _ in fitting[:1] if name]

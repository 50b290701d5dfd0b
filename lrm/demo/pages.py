"""A page as a browser without script has it: its words, its rows, its forms and their buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import requests


class PageSurprise(RuntimeError):
    """The page is not what the walk expects; the message says what was there instead."""


@dataclass
class Form:
    """One form of a page: where it goes, what is filled in, which buttons it has."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # name, value, text
    names: set[str] = field(default_factory=set)


class Page(HTMLParser):
    """A page as it came: its address, its forms, its links and its words."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__()
        self.url = response.url
        self.path = urlsplit(response.url).path
        self.status = response.status_code
        self.html = response.text
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.rows: list[str] = []
        self._in_row = False
        self._in_button = False
        self._words: list[str] = []
        self._form: Form | None = None
        self._select: tuple[str, list[tuple[str, bool]]] | None = None
        self._silent = 0
        self.feed(response.text)
        self.text = " ".join(" ".join(self._words).split())

    def form(self, action_ends: str) -> Form:
        """Return the form whose address ends so.

        :raises PageSurprise: when there is none.
        """
        for one in self.forms_to(action_ends):
            return one
        offered = ", ".join(sorted({urlsplit(one.action).path for one in self.forms})) or "none"
        raise PageSurprise(
            f"{self.path} (status {self.status}) has no form to {action_ends}, but: {offered}. "
            f"It says: {self.text[:300]}"
        )

    def forms_to(self, action_ends: str) -> list[Form]:
        """Return the forms whose address ends so, if any."""
        return [one for one in self.forms if urlsplit(one.action).path.endswith(action_ends)]

    def link(self, path_ends: str) -> str:
        """Return the address of the link whose path ends so.

        :raises PageSurprise: when there is none.
        """
        for one in self.links:
            if urlsplit(one).path.endswith(path_ends):
                return one
        raise PageSurprise(f"{self.path} has no link to {path_ends}. It says: {self.text[:300]}")

    def row_of(self, name: str) -> str:
        """Return the words of the table row that begins with this name, or nothing."""
        return next((row for row in self.rows if row.split(" ")[0] == name), "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what begins."""
        given = {name: value or "" for name, value in attrs}
        begin = getattr(self, f"_begin_{tag}", None)
        if begin is not None:
            begin(given)

    def handle_endtag(self, tag: str) -> None:
        """Note what ends."""
        end = getattr(self, f"_end_{tag}", None)
        if end is not None:
            end()

    def handle_data(self, data: str) -> None:
        """Collect the words a reader sees."""
        if self._silent:
            return
        self._words.append(data)
        if self._in_row:
            self.rows[-1] = " ".join(f"{self.rows[-1]} {data}".split())
        if self._form is not None and self._in_button:
            name, value, text = self._form.buttons[-1]
            self._form.buttons[-1] = (name, value, f"{text} {data}".strip())

    def _begin_form(self, given: dict[str, str]) -> None:
        action = urljoin(self.url, given.get("action", ""))
        self._form = Form(action, given.get("method", "get").lower())
        self.forms.append(self._form)

    def _end_form(self) -> None:
        self._form = None

    def _begin_a(self, given: dict[str, str]) -> None:
        self.links.append(urljoin(self.url, given.get("href", "")))

    def _begin_tr(self, given: dict[str, str]) -> None:
        self.rows.append("")
        self._in_row = True

    def _end_tr(self) -> None:
        self._in_row = False

    def _begin_script(self, given: dict[str, str]) -> None:
        self._silent += 1

    def _end_script(self) -> None:
        self._silent -= 1

    def _begin_input(self, given: dict[str, str]) -> None:
        kind, name = given.get("type", "text"), given.get("name", "")
        if kind in {"submit", "image"}:
            self._begin_button(given)
            self._end_button()
        elif kind in {"checkbox", "radio"}:
            self._add(name, given.get("value", "on") if "checked" in given else None)
        else:
            self._add(name, given.get("value", ""))

    def _begin_textarea(self, given: dict[str, str]) -> None:
        self._add(given.get("name", ""), "")

    def _begin_button(self, given: dict[str, str]) -> None:
        if self._form is not None and given.get("type", "submit") == "submit":
            self._form.buttons.append((given.get("name", ""), given.get("value", ""), ""))
            self._in_button = True

    def _end_button(self) -> None:
        self._in_button = False

    def _begin_select(self, given: dict[str, str]) -> None:
        self._select = (given.get("name", ""), [])

    def _begin_option(self, given: dict[str, str]) -> None:
        if self._select is not None:
            self._select[1].append((given.get("value", ""), "selected" in given))

    def _end_select(self) -> None:
        if self._select is None:
            return
        name, options = self._select
        self._select = None
        chosen = [value for value, is_selected in options if is_selected]
        self._add(name, next(iter(chosen or [value for value, _ in options]), None))

    def _add(self, name: str, value: str | None) -> None:
        if self._form is None or not name:
            return
        self._form.names.add(name)
        if value is not None:
            self._form.fields.append((name, value))

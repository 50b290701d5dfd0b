"""The contacts page of a connected portal, as one of its people has it."""

import re
from typing import Any

from tests.support import page_reading
from tests.support.staff import Staff

CONTACTS = "/settings/connected-apps/xero/contacts/"


class Desk(Staff):
    """Somebody at the contacts page, who also works with learners."""

    def page(self, tab: str, **query: str) -> str:
        """Return the HTML of a tab."""
        answer = self.client.get(CONTACTS, {"tab": tab, **query})
        assert answer.status_code == 200
        return answer.content.decode().partition("<main")[2]

    def words(self, tab: str, **query: str) -> str:
        """Return what a tab says."""
        return page_reading.text_of(self.page(tab, **query))

    def counts(self) -> dict[str, str]:
        """Return the counts on the tabs, by the tab's name in the address."""
        found = re.findall(
            r'href="\?tab=([a-z-]+)"[^>]*>[^<]*<span class="tab-count[^"]*">([\d,+]+)<',
            self.page("questions"),
        )
        return dict(found)

    def keys(self, tab: str, **query: str) -> list[str]:
        """Return what the check boxes of a tab name."""
        return re.findall(r'name="key" value="([^"]+)"', self.page(tab, **query))

    def press(self, tab: str, value: str, **query: str) -> str:
        """Press a row's button, which must be there, and return what the page says then."""
        assert f'name="only" value="{value}"' in self.page(tab, **query)
        return self.post("act/", {"tab": tab, "only": value, **query})

    def act(self, tab: str, act: str, *keys: str, **fields: str) -> str:
        """Check rows of a tab and press the button for many; return what the page says then."""
        assert f'name="act" value="{act}"' in self.page(tab)
        return self.post("act/", {"tab": tab, "act": act, "key": list(keys), **fields})

    def post(self, where: str, data: dict[str, Any]) -> str:
        """Send a form of the page and return what the next page says."""
        answer = self.client.post(f"{CONTACTS}{where}", data, follow=True)
        assert answer.status_code == 200, answer.content.decode()
        return page_reading.text_of(answer.content.decode().partition("<main")[2])

    def undo_last(self) -> str:
        """Press the undo that is offered right after an act."""
        found = re.search(r'name="at" value="([^"]+)"', self.page("questions"))
        assert found is not None, "no undo is offered"
        return self.post("undo/", {"at": found[1]})

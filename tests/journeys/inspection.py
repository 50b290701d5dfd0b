"""What no page may have, whoever looks at it: in light and dark, wide and narrow.

Serious and critical findings of axe, scrolling sideways, and a focus that cannot be seen.
"""

import functools
import importlib.resources
import os
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 320, "height": 720}
# Phones of today, a tablet upright and on its side, and a laptop of 1366 pixels at 125 per cent.
BETWEEN: tuple[ViewportSize, ...] = (
    {"width": 360, "height": 780},
    {"width": 430, "height": 932},
    {"width": 768, "height": 1024},
    {"width": 1024, "height": 768},
    {"width": 1093, "height": 614},
)
# WCAG 2.2 AA, and what axe itself thinks good.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

_RUN_AXE = "wanted => axe.run(document, {runOnly: wanted, resultTypes: ['violations']})"
# Tables may scroll by themselves where there is no room, but not on a tablet or a desk.
_OVERFLOWING = """() => {
  const wide = document.documentElement.clientWidth;
  const table = [...document.querySelectorAll(".table-scroll")].find(
    one => wide >= 768 && one.scrollWidth > one.clientWidth + 1);
  if (table) return `a table, ${table.scrollWidth} in ${table.clientWidth} px`;
  if (document.documentElement.scrollWidth <= wide) return "";
  const out = [...document.body.querySelectorAll("*")].filter(
    one => one.getBoundingClientRect().right > wide + 1 && !one.closest(".table-scroll, .scroll"));
  return out.slice(0, 3).map(one => one.outerHTML.slice(0, 200)).join("\\n") || "something";
}"""
# The theme follows the system's by an event, and some colours then fade over.
_SETTLED = """theme => (document.documentElement.dataset.bsTheme || theme) === theme
  && document.getAnimations().every(one => one.playState !== "running")"""
_MOMENT = 500
# What a key has done is painted first, as a person would see it.
_FOCUS = """async () => {
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const one = document.activeElement, style = getComputedStyle(one);
  const box = one.getBoundingClientRect();
  const x = box.left + box.width / 2, y = box.top + Math.min(box.height / 2, 12);
  const top = document.elementFromPoint(x, y);
  const label = one.labels && one.labels[0];
  return {
    what: `${one.outerHTML.slice(0, 160)} at ${Math.round(x)}, ${Math.round(y)}`,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0
      || style.boxShadow !== "none",
    free: !!top && (one.contains(top) || top.contains(one) || (label && label.contains(top))),
  };
}"""


def faults_of(page: Page, name: str) -> list[str]:
    """Look at the page in every way and return a sentence for each fault; leave it as it was.

    Where JOURNEY_PICTURES names a folder, a picture of every look is put there.
    """
    faults = []
    for theme, size, rules in (
        ("light", WIDE, RULES),
        ("dark", WIDE, ["color-contrast"]),
        ("light", NARROW, RULES),
    ):
        _look(page, theme, size)
        look = f"{name}, {theme}, {size['width']} px"
        faults += [f"{look}: {words}" for words in _findings(page, rules)]
        out = page.evaluate(_OVERFLOWING)
        if out:
            faults.append(f"{look}: scrolls sideways because of {out}")
        _keep_picture(page, f"{name}-{theme}-{size['width']}")
    for size in BETWEEN:
        _look(page, "light", size)
        if out := page.evaluate(_OVERFLOWING):
            faults.append(f"{name}, {size['width']} px: scrolls sideways because of {out}")
    _look(page, "light", WIDE)
    return faults


def fault_of_focus(page: Page) -> str:
    """Return why a person could not see where the focus is; nothing where all is well."""
    seen: dict[str, Any] = page.evaluate(_FOCUS)
    if not (seen["ring"] and seen["free"]):
        # On a busy machine the page follows the focus a moment later.
        page.wait_for_timeout(_MOMENT)
        seen = page.evaluate(_FOCUS)
    if not seen["ring"]:
        return f"No ring shows the focus on {seen['what']}"
    return "" if seen["free"] else f"Something hides the focus on {seen['what']}"


def _look(page: Page, theme: str, size: ViewportSize) -> None:
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.wait_for_function(_SETTLED, arg=theme)


def _findings(page: Page, rules: list[str]) -> list[str]:
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())
    kind = "rule" if rules == ["color-contrast"] else "tag"
    found = page.evaluate(_RUN_AXE, {"type": kind, "values": rules})
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:300]}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
        for node in one["nodes"]
    ]


@functools.cache
def _axe() -> str:
    return (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text("utf-8")


def _keep_picture(page: Page, name: str) -> None:
    folder = os.environ.get("JOURNEY_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)

"""Ways of looking at a page that few people have, and for which it must be right all the same.

On paper, in the colours that somebody forces on every page, and from one end to the other by Tab,
there and back, in windows of several sizes.
"""

import re
from collections.abc import Iterator

from playwright.sync_api import Page, ViewportSize

from tests.journeys import inspection

# A4 on its side between margins of 12 mm, in CSS pixels.
PAPER: ViewportSize = {"width": 1032, "height": 702}
# A laptop at 200 %, and a phone: what sticks takes most of these.
WINDOWS: tuple[ViewportSize, ...] = ({"width": 683, "height": 384}, {"width": 320, "height": 640})
MOST_TABS = 60

# What nobody can press on paper, and ink that would not be read on it.
_ON_PAPER = """() => {
  const shown = one => one.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && one.getBoundingClientRect().width > 1 && one.getBoundingClientRect().height > 1;
  const pressed = [...document.querySelectorAll(
    "button, input:not([type=hidden], [type=checkbox]), select, nav, [role=search], .btn")]
    .filter(shown);
  const parse = colour => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
  const pale = [...document.querySelectorAll("main *")].filter(one => shown(one)
    && !one.closest("svg, .visually-hidden")
    && [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
    && light(parse(getComputedStyle(one).color)) > 0.5);
  const dark = [...document.querySelectorAll("body, main, .card")].filter(one => {
    const colour = parse(getComputedStyle(one).backgroundColor);
    return colour.length && (colour.length < 4 || colour[3] > 0) && light(colour) < 0.9;
  });
  const told = (why, found) => found.slice(0, 3).map(
    one => `${why}: ${one.outerHTML.slice(0, 140)}`);
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return [...told("can be pressed", pressed), ...told("is pale", pale),
    ...told("is dark", dark), ...(wide > 1 ? [`is ${wide} px wider than the paper`] : [])];
}"""

# What a colour alone would say, or the shape of what is pressed, is gone where it has no line.
_IN_FORCED_COLOURS = """() => {
  const shown = one => one.checkVisibility({visibilityProperty: true})
    && one.getBoundingClientRect().width > 1;
  const lined = one => { const style = getComputedStyle(one);
    return ["Top", "Right", "Bottom", "Left"].some(side =>
        style[`border${side}Style`] !== "none" && parseFloat(style[`border${side}Width`]) > 0)
      || style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0; };
  const found = (selector, why, wrong) => [...document.querySelectorAll(selector)]
    .filter(one => shown(one) && wrong(one)).slice(0, 3)
    .map(one => `${why}: ${one.outerHTML.slice(0, 140)}`);
  return [
    ...found(".btn, button:not(.menu-line), .status, .card, .note", "has no line around it",
      one => !lined(one) && !one.closest(".pop-body, .side")
        && !one.matches(".btn-link, .icon-button")),
    ...found("[aria-current=page], [aria-current=true]", "looks like the others",
      one => !lined(one) && !one.closest(".crumbs")),
    ...found("input[type=checkbox], input[type=radio]", "shows no mark",
      one => getComputedStyle(one).appearance === "none"),
  ];
}"""


def faults_on_paper(page: Page) -> list[str]:
    """Return what is wrong where the page is printed, by somebody whose screen is dark."""
    size = page.viewport_size
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print", color_scheme="dark")
    # Chromium keeps what container queries asked of the screen until it lays the page out anew.
    page.reload()
    found = [f"on paper {one}" for one in page.evaluate(_ON_PAPER)]
    page.emulate_media(media="null", color_scheme="light")
    page.reload()
    if size:
        page.set_viewport_size(size)
    return found


def pages_on_paper(page: Page) -> int:
    """Return on how many sheets the page is printed."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


def faults_in_forced_colours(page: Page) -> list[str]:
    """Return what is wrong in the colours that a person forces on all pages, in both schemes."""
    found: list[str] = []
    for scheme in ("light", "dark"):
        page.emulate_media(forced_colors="active", color_scheme=scheme)
        found += [
            f"in forced colours, {scheme}, {one}" for one in page.evaluate(_IN_FORCED_COLOURS)
        ]
        found += [f"in forced colours, {scheme}: {one}" for one in _walk(page, "Tab", most=40)]
    page.emulate_media(forced_colors="none", color_scheme="light")
    return found


def faults_of_focus(page: Page) -> list[str]:
    """Return where the focus is out of sight on its way through the page, there and back."""
    found: list[str] = []
    for size in WINDOWS:
        page.set_viewport_size(size)
        for key in ("Tab", "Shift+Tab"):
            found += [
                f"{size['width']} px, {key}: {one}" for one in _walk(page, key, most=MOST_TABS)
            ]
    page.set_viewport_size(inspection.WIDE)
    return found


def _walk(page: Page, key: str, *, most: int) -> Iterator[str]:
    """Press the key until the focus leaves the page, and yield what is wrong on the way."""
    page.evaluate("() => { document.activeElement.blur(); scrollTo(0, 0); }")
    for step in range(most):
        page.keyboard.press(key)
        if page.evaluate("() => document.activeElement === document.body"):
            if step:
                return
            continue
        if fault := inspection.fault_of_focus(page):
            yield fault

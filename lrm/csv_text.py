"""Text in CSV files, and what spreadsheets take for a formula.

Whatever leaves here gets an apostrophe in front where a spreadsheet would run it as a formula
(OWASP's page on CSV injection); whatever comes back loses that apostrophe again. What nobody sees
in front of a formula does not hide it: some programs drop spaces, and whoever cleans a sheet drops
the rest.
"""

import re

# Characters without a look of their own: controls, spaces of every width, joiners, marks of
# direction, selectors, tags and fillers. As in a class of a regular expression, PostgreSQL's too.
UNSEEN = (
    r"\u0001-\u0008\u000b\u000c\u000e-\u0020\u007f-\u00a0\u00ad\u034f\u061c\u115f\u1160\u1680"
    r"\u17b4\u17b5\u180b-\u180f\u2000-\u200f\u2028-\u202f\u205f-\u206f\u2800\u3000\u3164"
    r"\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# The wide forms count too: some spreadsheets take them for the narrow ones. The apostrophe is
# among them so that taking one away gives back exactly what was there.
STARTS = r"=+@\t\r\n\uff1d\uff0b\uff0d\uff20\ufe63\u2212'-"
PATTERN = f"^[{UNSEEN}]*[{STARTS}]"
_FORMULA = re.compile(PATTERN)


def harmless(text: str) -> str:
    """Return the text as a spreadsheet shows it and never runs it."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_typed(text: str) -> str:
    """Return the text without the apostrophe that `harmless`, or a spreadsheet, put in front."""
    if text.startswith("'") and _FORMULA.match(text[1:]):
        return text[1:]
    return text

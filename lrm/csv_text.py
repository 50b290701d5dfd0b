"""Text in CSV files, and what spreadsheets take for a formula.

Whatever leaves here gets an apostrophe in front where a spreadsheet would run it as a formula
(OWASP's page on CSV injection); whatever comes back loses that apostrophe again.
"""

# The wide forms count too: some spreadsheets take them for the narrow ones. The apostrophe is
# among them so that taking one away gives back exactly what was there.
FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'")


def harmless(text: str) -> str:
    """Return the text as a spreadsheet shows it and never runs it."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def as_typed(text: str) -> str:
    """Return the text without the apostrophe that `harmless`, or a spreadsheet, put in front."""
    if text.startswith("'") and text[1:].lstrip(" ").startswith(FORMULA_STARTS):
        return text[1:]
    return text

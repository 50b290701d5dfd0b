"""Elements that are corrupted as a fault says: what a client's parser must survive."""

from typing import Any

import orjson

from xero_simulator.accounting_api import document_json, xero_json

_KNOWN_ENUMS = ("Status", "ContactStatus")
_NULLED = ("DueDate", "Reference", "EmailAddress", "FullyPaidOnDate", "CurrencyRate")
_IDS = (*document_json.ID_FIELD.values(), "ContactID")


def corrupt_elements(body: bytes, named: str, corrupted_ids: list[str]) -> bytes:
    """Return a body whose first element is corrupted; one without elements stays as it is.

    `unknown_enum` gives it a status nobody knows, `nulls` writes null where Xero would leave a
    field out. `untold` leaves the elements alone and takes away what tells how many there are.

    :param corrupted_ids: is given the id of the element that is no longer as it is in the books.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if named == "untold":
        value.pop("pagination", None)
        return xero_json.document(value)
    for element in _elements(value)[:1]:
        corrupted_ids += [element[name] for name in _IDS if name in element]
        if named == "unknown_enum":
            element |= {name: "TELEPORTED" for name in _KNOWN_ENUMS if name in element}
        else:
            element |= dict.fromkeys(_NULLED)
    return xero_json.document(value)


def _elements(value: dict[str, Any]) -> list[dict[str, Any]]:
    for member in value.values():
        if isinstance(member, list):
            return member
    return []

"""Typed values as plain JSON values and back.

Dataclasses become objects, named tuples and other collections become lists, days and instants
become ISO text. The way back goes by the type that is expected and takes nothing else: a file from
another version of the simulator is found out here, before anything of it is used. What has a
default may be missing: an earlier version did not know it.
"""

import collections
import dataclasses
import datetime
import enum
import functools
import types
import typing
from collections.abc import Callable
from typing import Any

_ONE_KIND = (list, frozenset, set, collections.deque)


class Misfit(ValueError):
    """A plain value is not what the expected type packs to."""


def pack(value: Any) -> Any:
    """Return a value made of JSON's own types; fields that no constructor takes are left out."""
    if dataclasses.is_dataclass(value):
        fields: dict[str, Any] = _fields_of(type(value))  # type: ignore[arg-type]
        return {name: pack(getattr(value, name)) for name in fields}
    if isinstance(value, dict):
        return {name: pack(each) for name, each in value.items()}
    if isinstance(value, (tuple, *_ONE_KIND)):
        return [pack(each) for each in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value.value if isinstance(value, enum.Enum) else value


def unpack(form: Any, plain: Any) -> Any:
    """Return the value of type `form` that packs to `plain`.

    :raises Misfit: there is none.
    """
    if form is Any:
        return plain
    reader = _GENERIC.get(typing.get_origin(form))
    if reader is not None:
        return reader(form, plain)
    if dataclasses.is_dataclass(form):
        return _read_dataclass(form, plain)
    if issubclass(form, tuple):
        return _read_named_tuple(form, plain)
    return _read_scalar(form, plain)


@functools.cache
def _fields_of(form: Any) -> dict[str, Any]:
    """Return the constructor's arguments of a dataclass or named tuple with their types."""
    hints = typing.get_type_hints(form)
    if not dataclasses.is_dataclass(form):
        return hints
    return {each.name: hints[each.name] for each in dataclasses.fields(form) if each.init}


def _read_dataclass(form: Any, plain: Any) -> Any:
    fields = _fields_of(form)
    if not isinstance(plain, dict) or plain.keys() - fields.keys():
        raise Misfit(f"no {form.__name__}")
    given = {name: unpack(fields[name], value) for name, value in plain.items()}
    return _made(form, **given)


def _read_named_tuple(form: Any, plain: Any) -> Any:
    kinds = list(_fields_of(form).values())
    given = len(plain) if isinstance(plain, list) else 0
    return _made(form, *_read_each(kinds[:given], plain))


def _made(form: Any, *values: Any, **named: Any) -> Any:
    try:
        return form(*values, **named)
    except TypeError as error:
        raise Misfit(f"no {form.__name__}") from error


def _read_scalar(form: Any, plain: Any) -> Any:
    try:
        if issubclass(form, datetime.date):
            return form.fromisoformat(plain)
        if issubclass(form, enum.Enum):
            return form(plain)
    except (TypeError, ValueError) as error:
        raise Misfit(f"no {form.__name__}") from error
    fits = (int, float) if form is float else (form,)
    if type(plain) not in fits:
        raise Misfit(f"no {form.__name__}")
    return plain


def _read_optional(form: Any, plain: Any) -> Any:
    kinds = [each for each in typing.get_args(form) if each is not types.NoneType]
    return None if plain is None else unpack(kinds[0], plain)


def _read_list(form: Any, plain: Any) -> Any:
    if not isinstance(plain, list):
        raise Misfit("no list")
    (kind,) = typing.get_args(form)
    return typing.get_origin(form)(unpack(kind, each) for each in plain)


def _read_tuple(form: Any, plain: Any) -> Any:
    kinds = list(typing.get_args(form))
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * (len(plain) if isinstance(plain, list) else 0)
    return tuple(_read_each(kinds, plain))


def _read_each(kinds: list[Any], plain: Any) -> list[Any]:
    if not isinstance(plain, list) or len(plain) != len(kinds):
        raise Misfit("no list of the right length")
    return [unpack(kind, each) for kind, each in zip(kinds, plain, strict=True)]


def _read_dict(form: Any, plain: Any) -> Any:
    if not isinstance(plain, dict):
        raise Misfit("no object")
    _, kind = typing.get_args(form)
    return {name: unpack(kind, each) for name, each in plain.items()}


_GENERIC: dict[Any, Callable[[Any, Any], Any]] = {
    types.UnionType: _read_optional,
    tuple: _read_tuple,
    dict: _read_dict,
    **dict.fromkeys(_ONE_KIND, _read_list),
}

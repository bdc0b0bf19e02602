"""Typed errors for the arguments of managers' methods.

A public method of a manager or a queryset is called as it is. Only when Python or Django raise a
bare error inside it, the arguments are compared with the annotations.
"""

import inspect
import sys
import types
from collections.abc import Callable, Mapping
from functools import wraps
from typing import (
    Any,
    NoReturn,
    TypeAliasType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from django.apps import apps
from django.core.exceptions import ValidationError

from tenants.errors import CodedError, QueryFailed, ValueRefused, WrongType
from tenants.postgres.values import VALUE_ERRORS, value_refused

VALUES = (OverflowError, RecursionError, ValidationError)
"""Bare errors about a value of the right type; others of BARE may be our own mistake."""


def typed[**P, R](method: Callable[P, R], **meant: Any) -> Callable[P, R]:
    """Turn a method's bare errors about its arguments into typed ones.

    Raises WrongType for an argument of another type than annotated, and ValueRefused for a value
    that is out of range. An error that no argument explains is raised as it is.
    `meant` says what the name of a type alias, or of a model, stands for here.
    """
    if getattr(method, "typed", False):
        return method

    @wraps(method)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except (*VALUE_ERRORS, QueryFailed) as error:
            if isinstance(error, CodedError) and not isinstance(error, QueryFailed | ValueRefused):
                raise
            explain(method, args, kwargs, error, meant)

    checked.typed = True  # type: ignore[attr-defined]
    return checked


def guard(cls: type[Any]) -> None:
    """Make every public method of a class `typed`, those of our own mixins included."""
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] in ("django", "builtins", "typing"):
            continue
        for name, method in vars(base).items():
            if name.startswith("_") or not inspect.isfunction(method):
                continue
            if getattr(cls, name) is method and not hasattr(method, "typed"):
                setattr(cls, name, typed(method))


def explain(
    method: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    error: Exception,
    meant: Mapping[str, Any],
) -> NoReturn:
    """Raise a typed error when an argument explains the bare one, else the bare one."""
    try:
        given = inspect.signature(method).bind(*args, **kwargs).arguments
    except TypeError as unbound:
        raise WrongType(f"{method.__name__}: {unbound}") from error
    for name, hint in _hints(inspect.unwrap(method), meant).items():
        if name in given and not fits(given[name], hint, **meant):
            # Not the value itself, which may be a secret.
            found = _name_of(type(given[name]))
            wrong = f"{method.__name__}: {name} is {_name_of(hint)}, not {found}"
            raise WrongType(wrong, name) from error
    if isinstance(error, VALUES) and not isinstance(error, CodedError):
        raise value_refused(error) from error
    raise error


def fits(value: object, hint: Any, **meant: Any) -> bool:
    """Whether a value has an annotated type; True where this cannot be decided.

    `meant` maps names of type aliases to types.

    >>> fits(5, int | None), fits("30%", int | None), fits([5, "x"], list[int])
    (True, False, False)
    """
    origin, parts = get_origin(hint), get_args(hint)
    if isinstance(hint, TypeAliasType):
        return fits(value, meant.get(hint.__name__, hint.__value__), **meant)
    if isinstance(hint, TypeVar):
        return fits(value, hint.__bound__ or object)
    if origin in (Union, types.UnionType):
        return any(fits(value, part, **meant) for part in parts)
    try:
        if not isinstance(value, origin or hint):
            return False
    except TypeError:  # not a class: Any, a TypedDict, a Protocol
        return True
    if len(parts) == (2 if isinstance(value, Mapping) else 1):
        inside = value if isinstance(value, Mapping | list | tuple | set) else ()
        return all(fits(each, parts[0], **meant) for each in inside)
    return True


def _name_of(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def _hints(method: Callable[..., Any], meant: Mapping[str, Any]) -> dict[str, Any]:
    """The types of the arguments. Names that only a type checker imports are models, or unknown."""
    known = vars(sys.modules[method.__module__])
    models = {model.__name__: model for model in apps.get_models()}
    names: dict[str, Any] = {name: models[name] for name in models if name not in known}
    names |= meant
    while True:
        try:
            return get_type_hints(method, localns=names)
        except NameError as error:
            names[str(error.name)] = Any

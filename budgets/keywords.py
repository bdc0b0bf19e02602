"""Refuse unknown keywords of a verb: with a misspelled `key` a repeat would pay twice."""

from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import get_args

from budgets.errors import UnknownKeyword


def strict[**P, R](method: Callable[P, R]) -> Callable[P, R]:
    """Decorate a method to raise UnknownKeyword for a keyword that it does not accept.

    `**options: Unpack[SomeTypedDict]` accepts the keys of the TypedDict.
    """
    names = keywords_of(method)

    @wraps(method)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not kwargs.keys() <= names:
            require_known(method.__name__, kwargs, names)
        return method(*args, **kwargs)

    return checked


def keywords_of(method: Callable[..., object]) -> frozenset[str]:
    """The keywords that a method accepts."""
    names: set[str] = set()
    for name, parameter in signature(method).parameters.items():
        if parameter.kind is Parameter.VAR_KEYWORD:
            names.update(get_args(parameter.annotation)[0].__annotations__)
        elif name != "self":
            names.add(name)
    return frozenset(names)


def require_known(verb: str, keywords: Collection[str], names: Collection[str]) -> None:
    """Raise UnknownKeyword unless all `keywords` are in `names`."""
    unknown = sorted(set(keywords) - set(names))
    if not unknown:
        return
    listed = "; ".join(f"{name!r}{_hint(name, names)}" for name in unknown)
    raise UnknownKeyword(f"{verb} has no keyword {listed}", field=unknown[0], unknown=unknown)


def _hint(name: str, names: Collection[str]) -> str:
    """Suggest a name with similar letters or one of the same words, else list all names."""
    near = get_close_matches(name, names, n=1, cutoff=0.75) or [
        word for word in name.split("_") if word in names
    ]
    return f" (did you mean {near[0]!r}?)" if near else f" (it accepts {', '.join(sorted(names))})"

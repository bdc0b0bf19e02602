"""A keyword that a verb does not have is refused by name: a misspelled `key` would pay twice."""

from collections.abc import Callable, Collection
from difflib import get_close_matches
from functools import wraps
from inspect import Parameter, signature
from typing import get_args

from budgets.errors import UnknownKeyword


def strict[**P, R](method: Callable[P, R]) -> Callable[P, R]:
    """Make a method refuse keywords it does not have, before it does anything.

    Keywords that it takes as `**said: Unpack[SomeTypedDict]` are those of the TypedDict.
    """
    names = keywords_of(method)

    @wraps(method)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not kwargs.keys() <= names:
            require_known(method.__name__, kwargs, names)
        return method(*args, **kwargs)

    return asked


def keywords_of(method: Callable[..., object]) -> frozenset[str]:
    """The keywords that a method takes."""
    names: set[str] = set()
    for name, parameter in signature(method).parameters.items():
        if parameter.kind is Parameter.VAR_KEYWORD:
            names.update(get_args(parameter.annotation)[0].__annotations__)
        elif name != "self":
            names.add(name)
    return frozenset(names)


def require_known(verb: str, said: Collection[str], names: Collection[str]) -> None:
    """Raise UnknownKeyword, whose figure `unknown` names them, unless all keywords are known."""
    unknown = sorted(set(said) - set(names))
    if not unknown:
        return
    told = "; ".join(f"{name!r}{_hint(name, names)}" for name in unknown)
    raise UnknownKeyword(f"{verb} has no keyword {told}", field=unknown[0], unknown=unknown)


def _hint(name: str, names: Collection[str]) -> str:
    """The nearest known name: by its letters, or else one of its words."""
    near = get_close_matches(name, names, n=1, cutoff=0.75) or [
        word for word in name.split("_") if word in names
    ]
    return f" (did you mean {near[0]!r}?)" if near else f" (it has {', '.join(sorted(names))})"

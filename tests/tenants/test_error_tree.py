"""The one tree of errors, drawn in `tenants.errors`: the drawing is held to the classes."""

import importlib
import pickle
import pkgutil
import re
from collections.abc import Iterator

import pytest
from django.core.exceptions import (
    BadRequest,
    ObjectDoesNotExist,
    PermissionDenied,
    ValidationError,
)
from django.db import DatabaseError, DataError, IntegrityError, OperationalError

import budgets
import tenants
from budgets import errors as money
from tenants import errors, refusals
from tenants.errors import CodedError
from tenants.views import STATUS

DRAWN = re.compile(r"(?P<stem>[| ]*)(?:\|--|`--) (?P<names>\w+(?:, \w+)*)(?:  .*)?")


def drawn() -> Iterator[tuple[str, str]]:
    """Each class of the drawing with the one it hangs from."""
    above = ["CodedError"]
    for line in (errors.__doc__ or "").splitlines():
        if not (match := DRAWN.fullmatch(line)):
            continue
        depth = len(match["stem"]) // 4 + 1
        names = match["names"].split(", ")
        yield from ((name, above[depth - 1]) for name in names)
        above[depth:] = [names[-1]]


def walked() -> dict[str, type[CodedError]]:
    """Every error of the two apps, whatever module it is in; nobody else's, as the examples'."""
    for package in (tenants, budgets):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    found, waiting = {}, [CodedError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.partition(".")[0] in ("tenants", "budgets"):
            found[kind.__name__] = kind
    return {name: kind for name, kind in found.items() if name != "DoesNotExist"}


TREE = walked()


def parents(kind: type[CodedError]) -> list[str]:
    return [base.__name__ for base in kind.__bases__ if issubclass(base, CodedError)]


class TestTheDrawing:
    def test_has_every_error_under_the_one_it_is_a_kind_of(self):
        lines = list(drawn())

        assert sorted(lines) == sorted(
            (name, parents(kind)[0]) for name, kind in TREE.items() if kind is not CodedError
        )

    def test_is_a_tree(self):
        assert {name for name, kind in TREE.items() if len(parents(kind)) != 1} == {"CodedError"}

    def test_marks_those_that_help_to_repeat(self):
        marked = re.findall(r"-- (\w+) .*  retry$", errors.__doc__ or "", re.MULTILINE)

        assert sorted(marked) == sorted(name for name, kind in TREE.items() if kind.retryable)


class TestCodes:
    def test_are_one_each(self):
        codes = {kind.code: name for name, kind in TREE.items()}

        assert len(codes) == len(TREE)

    def test_stay_what_they_are_with_djangos_own_among_the_bases(self):
        for kind in (errors.ValueRefused, money.BadAmount, money.BadRule, refusals.BadEmail):
            error = kind("100 % of it")

            assert (error.code, str(error)) == (kind.code, "100 % of it")
            assert repr(error) == f"{kind.__name__}('100 % of it')"
            assert error.messages == ["100 % of it"]
            assert str(kind()) == (kind.__doc__ or "").partition("\n")[0]

    def test_travel_to_another_process(self):
        sent = money.BadAmount("no", asked=5)

        came = pickle.loads(pickle.dumps(sent))  # noqa: S301  # our own

        assert (type(came), str(came), came.figures) == (money.BadAmount, "no", {"asked": 5})


ALSO: dict[type[Exception], set[str]] = {
    ObjectDoesNotExist: {
        "RowNotFound", "UnknownTenant", "UnknownBudget", "UnknownBucket", "UnknownMovement",
        "UnknownSchedule", "UnknownStatement", "UnknownProfile",
    },
    PermissionDenied: {
        "NotAllowed", "TenantSuspended", "ReadOnly", "NotLoggedIn", "SessionRevoked",
        "NoMembership", "TenantNotChosen", "NotInPlan", "QuotaReached",
    },
    ValidationError: {
        "ValueRefused", "BadEmail", "BadExpiry", "BadTrial", "BadAmount",
        "UnknownCurrency", "CurrencyEnded", "WrongCurrency",
        "BadRule", "NotAPermutation", "BadOption", "UnknownKeyword", "BadSchedule",
        "BadProfile",
    },
    ValueError: {"ValueRefused"},
    TypeError: {"ValueRefused", "UnknownKeyword", "WrongType"},
    BadRequest: {
        "BadQuery", "BadFilter", "BadSort", "BadSearch", "BadLimit", "BadCursor",
    },
    IntegrityError: {
        "ConstraintBroken", "UniqueBroken", "ForeignKeyBroken", "CheckBroken", "NotNullBroken",
        "ParentDeleted",
    },
    OperationalError: {
        "Unavailable", "Conflict", "TimedOut", "PoolExhausted", "TooManyConnections",
        "CannotConnect", "WrongPassword", "LoginRefused", "UnknownHost", "UnknownDatabase",
        "TlsRefused",
    },
    DataError: {"ValueRefused"},
}  # fmt: skip
"""Where Django relies on a class of its own or of Python's: which of ours are one."""


@pytest.mark.parametrize("other", ALSO, ids=lambda other: other.__name__)
def test_what_catches_djangos_class_catches_ours(other):
    assert {name for name, kind in TREE.items() if issubclass(kind, other)} == ALSO[other]


def test_every_failure_of_the_database_is_djangos():
    for kind in TREE.values():
        assert issubclass(kind, DatabaseError) == issubclass(kind, errors.DatabaseFailed)


def test_what_in_tenant_forbids_or_does_not_find_any_view_does():
    """Django itself answers PermissionDenied with 403."""
    for kind, status in STATUS.items():
        assert issubclass(kind, PermissionDenied) == (status in (401, 403)), kind
        assert issubclass(kind, ObjectDoesNotExist) == (status == 404), kind

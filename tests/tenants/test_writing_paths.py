"""Every way to write every model of tenants, in every role: what the declarations say happens.

docs/roles.md is the same as a table, and scripts/roles.py derives both from the code.
"""

import inspect
import runpy
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from django.apps import apps
from django.db import transaction
from django.db.models import Field
from django.utils import timezone

from tenants.access.roles import get_verbs, may
from tenants.context import acting_for
from tenants.errors import (
    CodedError,
    ConstraintBroken,
    ForeignKeyBroken,
    NotAllowed,
    NoTenant,
    TenantMismatch,
)
from tenants.models import Invitation, Membership, SoftDeleteModel, Tenant, TenantOwned, UserSession
from tests.command_line import ROOT
from tests.factories import MembershipFactory, TenantFactory
from tests.rows import Side
from tests.tenants.matrix import fresh, held, insert_sql, run

SCRIPT = runpy.run_path(str(ROOT / "scripts" / "roles.py"))
DOCUMENT = (ROOT / "docs" / "roles.md").read_text()
ROLES = (*SCRIPT["ROLES"], "outside")
MODELS: list[Any] = [model for model in apps.get_models() if issubclass(model, TenantOwned)]
WITH_VERBS: list[Any] = [model for model in MODELS if model.plain_writes is not None]

refusal, role_of = SCRIPT["refusal"], SCRIPT["role_of"]


@pytest.fixture(scope="module")
def side(django_db_setup, django_db_blocker) -> Iterator[Side]:
    """A tenant with a row of each model."""
    with django_db_blocker.unblock():
        yield Side.of(TenantFactory())


def attempt(side: Side, role: str, work: Callable[[], object]) -> Exception | None:
    """The error of the work in a block of that role, or outside of blocks; nothing is kept."""
    with ExitStack() as stack:
        try:
            if role == "outside":
                stack.enter_context(transaction.atomic())
            else:
                stack.enter_context(acting_for(side.tenant, role=role_of(role)))
            work()
        except Exception as error:
            return error
        finally:
            if transaction.get_connection().in_atomic_block:
                transaction.set_rollback(True)
    return None


def rows_of(side: Side, model: Any) -> tuple[Any, Any]:
    """A row of the model, and one like it that is not stored."""
    if model is Tenant:
        tenant: Any = side.tenant
        return held(tenant), fresh(tenant, id=tenant.pk)
    return held(side.rows[model]), fresh(side.rows[model])


def count(found: list[int], statement: str, values: list[Any]) -> None:
    found.append(run(statement, values))


# -- Plain writes -----------------------------------------------------------------------------

TOUCHED = {"updated_at"}


def touch() -> dict[str, Any]:
    return {"updated_at": timezone.now()}


@dataclass(frozen=True)
class Way:
    """A plain write of a row, `old` or `new`: the changes it makes, and the columns it updates."""

    changes: tuple[str, ...]
    write: Callable[[Any, Any, Any], object]
    columns: Callable[[Any], set[str]] = lambda _: TOUCHED
    for_models: Callable[[Any], bool] = lambda _: True


def is_any_row(model: Any) -> bool:
    """Whether a tenant may have another row; the Tenant itself is one row."""
    return model is not Tenant


def every_column(model: Any) -> set[str]:
    return {field.column for field in model._meta.local_concrete_fields if not field.primary_key}


def refreshed(model: Any) -> set[str]:
    """Django's update_or_create also writes the fields that set themselves."""
    fields = model._meta.local_concrete_fields
    own = {each.column for each in fields if type(each).pre_save is not Field.pre_save}
    return (own | TOUCHED) - {model._meta.pk.column}


def is_soft(model: Any) -> bool:
    return issubclass(model, SoftDeleteModel)


def is_hard(model: Any) -> bool:
    return not is_soft(model)


def values_of(row: Any) -> dict[str, Any]:
    fields = row._meta.local_concrete_fields
    return {each.attname: getattr(row, each.attname) for each in fields if not each.primary_key}


def upsert(rows: Any, old: Any, new: Any) -> object:
    key = ["tenant", "id"] if hasattr(old, "tenant_id") else ["id"]
    return rows.bulk_create(
        [new], update_conflicts=True, unique_fields=key, update_fields=["updated_at"]
    )


INSERT, UPDATE, DELETE = ("insert",), ("update",), ("delete",)
DELETED: Callable[[Any], set[str]] = lambda _: {"deleted_at", "updated_at"}  # noqa: E731
WAYS: dict[str, Way] = {
    "save a new row": Way(INSERT, lambda rows, old, new: new.save(force_insert=True)),
    "create": Way(INSERT, lambda rows, old, new: rows.create(pk=new.pk, **values_of(new))),
    "bulk_create": Way(INSERT, lambda rows, old, new: rows.bulk_create([new])),
    "get_or_create": Way(
        INSERT,
        lambda rows, old, new: rows.get_or_create(pk=new.pk, defaults=values_of(new)),
        for_models=is_any_row,
    ),
    "update_or_create, missing": Way(
        ("lock", "insert"),
        lambda rows, old, new: rows.update_or_create(pk=new.pk, defaults=values_of(new)),
        for_models=is_any_row,
    ),
    "update_or_create, existing": Way(
        ("lock", "update"),
        lambda rows, old, new: rows.update_or_create(pk=old.pk, defaults=touch()),
        refreshed,
    ),
    "upsert": Way(("insert", "update"), upsert),
    "save": Way(UPDATE, lambda rows, old, new: old.save(force_update=True), every_column),
    "save some fields": Way(UPDATE, lambda rows, old, new: old.save(update_fields=["updated_at"])),
    "update": Way(UPDATE, lambda rows, old, new: rows.filter(pk=old.pk).update(**touch())),
    "bulk_update": Way(UPDATE, lambda rows, old, new: rows.bulk_update([old], ["updated_at"])),
    "delete some": Way(
        DELETE, lambda rows, old, new: rows.filter(pk=old.pk)._raw_delete("default")
    ),
    "delete": Way(DELETE, lambda rows, old, new: old.delete(), for_models=is_hard),
    "delete all": Way(
        DELETE, lambda rows, old, new: rows.filter(pk=old.pk).delete(), for_models=is_hard
    ),
    "delete softly": Way(
        UPDATE, lambda rows, old, new: rows.filter(pk=old.pk).delete(), DELETED, is_soft
    ),
    "delete for good": Way(DELETE, lambda rows, old, new: old.hard_delete(), for_models=is_soft),
}


def expected(model: Any, way: Way, role: str) -> str | None:
    """The first refusal of the changes that the way makes."""
    for change in way.changes:
        if change == "lock":  # no role but a viewer is refused, and any column that may be updated
            as_role = role if role in {"viewer", "outside"} else "system"
            code = refusal(model, "update", as_role)
        else:
            code = refusal(model, change, role, way.columns(model) if change == "update" else None)
        if code is not None:
            return str(code)
    return None


def came_to(error: Exception | None, *, deletes: bool) -> str | None:
    """The code of a refusal; None for a write that only a rule of the data may refuse."""
    if error is None or isinstance(error, ConstraintBroken):
        return "foreign_key_broken" if deletes and isinstance(error, ForeignKeyBroken) else None
    assert isinstance(error, CodedError), repr(error)
    return error.code


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_plain_write_is_refused_or_not_as_declared(side, model, role):
    manager = model._default_manager
    for name, way in WAYS.items():
        if not way.for_models(model):
            continue
        old, new = rows_of(side, model)

        error = attempt(side, role, partial(way.write, manager, old, new))

        code = came_to(error, deletes=way.changes == DELETE)
        wanted = expected(model, way, role)
        # Python looks for rows that point at one before PostgreSQL refuses the deletion.
        ways_to_refuse = {wanted}
        if way.changes == DELETE and wanted in {None, "tenant_violation"}:
            ways_to_refuse.add("foreign_key_broken")
        assert code in ways_to_refuse, (name, wanted)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_sql_is_refused_by_the_privileges_of_role_app(side, model, role):
    table = f'"{model._meta.db_table}"'
    old, new = rows_of(side, model)
    statements = {
        "insert": insert_sql(new),
        "update": (f"UPDATE {table} SET updated_at = now() WHERE id = %s", [old.pk]),
        "delete": (f"DELETE FROM {table} WHERE id = %s", [old.pk]),
    }
    for change, (statement, values) in statements.items():
        found: list[int] = []
        error = attempt(side, role, partial(count, found, statement, values))

        columns = TOUCHED if change == "update" else None
        wanted: str | None
        if role == "viewer":
            wanted = "read_only"
        elif not SCRIPT["has_privilege"](model, change, columns):
            wanted = "tenant_violation"
        else:
            wanted = "tenant_violation" if (role, change) == ("outside", "insert") else None
        assert came_to(error, deletes=False) == wanted, change
        if role == "outside" and wanted is None:
            assert found == [0], change


# -- Verbs ------------------------------------------------------------------------------------

VERBS = [
    (model, name)
    for model in WITH_VERBS
    for name, method in SCRIPT["methods_of"](model).items()
    if hasattr(method, "verb")
]


def has_arguments(method: Callable[..., object]) -> bool:
    """Whether a call without arguments lacks one."""
    parameters = [*inspect.signature(method).parameters.values()]
    return any(each.default is each.empty and each.kind < each.VAR_KEYWORD for each in parameters)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("model", "name"), VERBS, ids=lambda each: getattr(each, "__name__", each))
def test_a_verb_is_refused_or_not_as_its_table_says(side, model, name, role):
    """Called without arguments: who may use it gets as far as being asked for them."""
    method = getattr(model._default_manager, name)

    error = attempt(side, role, method)

    if role == "outside":
        assert isinstance(error, NoTenant)
    elif not may(method.verb, role_of(role)):
        assert isinstance(error, NotAllowed)
        assert (error.role, error.verb) == (role, method.verb)
    elif has_arguments(method):
        assert "missing" in str(error), repr(error)
    else:
        assert not isinstance(error, NotAllowed | NoTenant)


def test_every_declared_verb_is_some_methods_or_asked_for_by_one():
    marked = {getattr(model._default_manager, name).verb for model, name in VERBS}
    asked = {
        verb
        for model in (*SCRIPT["models"](), UserSession)
        for name in SCRIPT["methods_of"](model)
        for verb in SCRIPT["required_by"](model, name)
    }

    assert marked | (asked & get_verbs().keys()) == get_verbs().keys()


# -- Methods without a verb of their own ------------------------------------------------------

WHEN = timezone.now()


@dataclass(frozen=True)
class People:
    """A member, a membership that ended, and an open invitation with its token."""

    member: Membership
    ended: Membership
    offer: Invitation
    token: str


@pytest.fixture(scope="module")
def people(side, django_db_blocker) -> People:
    with django_db_blocker.unblock(), acting_for(side.tenant):
        member, ended = MembershipFactory(), MembershipFactory()
        Membership.objects.filter(pk=ended.pk).mark_deleted(WHEN)
        offer, token = Invitation.objects.invite("new@example.com", "viewer")
        return People(member, ended, offer, token)


CALLS: dict[tuple[Any, str], Callable[[People], object]] = {
    (Membership, "leave"): lambda people: Membership.objects.leave(people.member),
    (Membership, "end"): lambda people: Membership.objects.end(people.member.user, WHEN),
    (Membership, "resume"): lambda people: Membership.objects.resume(people.ended.user, WHEN),
    (Membership, "mark_deleted"): lambda _: Membership.objects.mark_deleted(WHEN),
    (Membership, "purge"): lambda _: Membership.all_objects.purge(timezone.now(), 9),
    (Invitation, "withdraw"): lambda people: Invitation.objects.withdraw(people.offer.email),
    (Invitation, "accept"): lambda people: Invitation.objects.accept(
        people.token, people.ended.user
    ),
    (Tenant, "create_tenant"): lambda _: Tenant.objects.create_tenant(uuid.uuid4().hex),
    (Tenant, "suspend"): lambda people: Tenant.objects.suspend(people.member.tenant),
    (Tenant, "reactivate"): lambda people: Tenant.objects.reactivate(people.member.tenant),
}


def test_every_method_that_writes_without_a_verb_is_tried():
    assert set(CALLS) == {
        (model, name) for model in WITH_VERBS for name in SCRIPT["unmarked_writers"](model)
    }


def called() -> list[tuple[Any, str, str]]:
    """The calls in every role; outside of blocks only those that open none, their purpose there."""
    opens = SCRIPT["opens_block"]
    everywhere = [(*method, role) for method in CALLS for role in ROLES]
    return [each for each in everywhere if each[2] != "outside" or not opens(*each[:2])]


@pytest.mark.parametrize(
    ("model", "name", "role"), called(), ids=lambda each: getattr(each, "__name__", each)
)
def test_another_method_that_writes_is_the_systems_or_asks_for_a_verb(
    side, people, model, name, role
):
    verbs = SCRIPT["required_by"](model, name) & get_verbs().keys()
    opens = SCRIPT["opens_block"](model, name)

    error = attempt(side, role, lambda: CALLS[model, name](people))

    if role == "outside":
        assert isinstance(error, NoTenant)
    elif verbs and not all(may(verb, role_of(role)) for verb in verbs):
        assert isinstance(error, NotAllowed)
    elif opens and not verbs:
        assert isinstance(error, TenantMismatch | RuntimeError)
    elif not verbs and role != "system":
        assert isinstance(error, NotAllowed)
    else:
        assert not isinstance(error, NotAllowed), error


# -- The document -----------------------------------------------------------------------------


def test_the_document_is_what_the_declarations_say():
    assert SCRIPT["document"]() == DOCUMENT, "run make roles"


def test_a_document_that_says_something_else_is_found(tmp_path, capsys, monkeypatch):
    file = tmp_path / "roles.md"
    file.write_text(DOCUMENT)
    assert SCRIPT["main"](["--check", "--file", str(file)]) == 0

    monkeypatch.setattr(Membership, "plain_writes", {"update": {"editor"}})

    assert SCRIPT["main"](["--check", "--file", str(file)]) == 1
    assert capsys.readouterr().err == "roles.md is out of date: run make roles\n"


def promote(self: Any) -> None:
    self.update(role="owner")


def test_a_method_that_writes_and_is_no_verb_is_found(monkeypatch):
    monkeypatch.setattr(type(Membership.objects), "promote", promote, raising=False)

    assert "promote" in SCRIPT["unmarked_writers"](Membership)

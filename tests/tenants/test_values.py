"""Values that no field can have, by every way to filter and to write: one typed error for all."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, connection, transaction
from django.db.models import Case, Count, F, Q, Value, When
from django.forms import ModelChoiceField
from psycopg.types.json import Json

from budgets.models import Budget, Movement
from tenants.errors import CodedError, ValueRefused, WrongType
from tenants.managers.arguments import fits
from tenants.models import Invitation, Membership, Tenant, User
from tenants.postgres.untrusted import DEEPEST_JSON, LARGEST_JSON, clean_json_object

pytestmark = pytest.mark.usefixtures("acting")


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


INF, WORD = float("inf"), object()
TEXT: Any = "x"
FIVE: Any = 5
NONE: Any = None
LOOKUPS: list[tuple[str, Any, str]] = [
    ("id", "x", "id"),
    ("pk", WORD, "pk"),
    ("pk", 2**130, "pk"),
    ("pk__in", ["x"], "pk"),
    ("pk__in", 5, "pk"),
    ("pk__in", [[]], "pk"),
    ("owner", "x", "owner"),
    ("owner__user", "x", "owner"),
    ("owner__isnull", 5, ""),
    ("last_movement_seq", "x", "last_movement_seq"),
    ("last_movement_seq", INF, "last_movement_seq"),
    ("last_movement_seq__gte", INF, "last_movement_seq"),
    ("last_movement_seq", Decimal("nan"), "last_movement_seq"),
    ("last_movement_seq__in", [10**5000], ""),
    ("created_at", "x", "created_at"),
    ("created_at", 5, "created_at"),
    ("created_at__year", "x", "created_at"),
    ("created_at__year", 10**9, ""),
    ("created_at__range", 5, "created_at"),
    ("name", "a\0b", ""),
    ("name", "\ud800", ""),
    ("name__regex", "(", ""),
    ("movements__metadata", nested(200_000), ""),
    ("movements__metadata__contains", WORD, ""),
]
WAYS: dict[str, Callable[[Any, Q], Any]] = {
    "filter": lambda rows, asked: list(rows.filter(asked)),
    "exclude": lambda rows, asked: list(rows.exclude(asked)),
    "within": lambda rows, asked: list(rows.filter(Q(name="a") | ~Q(asked))),
    "update": lambda rows, asked: rows.filter(asked).update(name="x"),
    "annotate": lambda rows, asked: list(rows.annotate(n=Case(When(asked, then=Value(1))))),
    "aggregate": lambda rows, asked: rows.aggregate(n=Count("pk", filter=asked)),
    "related": lambda rows, asked: list(Movement.objects.filter(budget__in=rows.filter(asked))),
}


class TestFilters:
    @pytest.mark.parametrize(
        ("lookup", "value", "field"), LOOKUPS, ids=[lookup for lookup, *_ in LOOKUPS]
    )
    def test_refuse_a_value_the_field_cannot_have_and_name_it(self, lookup, value, field):
        with pytest.raises(ValueRefused) as caught:
            list(Budget.objects.filter(**{lookup: value}))

        assert caught.value.fields == ((field,) if field else ())
        assert not isinstance(caught.value.__cause__, CodedError)

    @pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
    @pytest.mark.parametrize(("name", "value"), [("id", "x"), ("last_movement_seq", INF)])
    def test_do_so_in_every_method(self, way, name, value):
        with pytest.raises(ValueRefused):
            way(Budget.objects.all(), Q(**{name: value}))

    @pytest.mark.parametrize("given", [5, [WORD], ["x"], [[]], [2**130]], ids=range(5))
    def test_in_bulk_too(self, given):
        with pytest.raises(ValueRefused) as caught:
            Budget.objects.in_bulk(given)

        assert caught.value.fields == ("pk",)

    @pytest.mark.parametrize("given", [WORD, 5, "x"], ids=range(3))
    def test_what_is_no_condition_at_all(self, given):
        with pytest.raises(ValueRefused):
            Budget.objects.filter(given)

    @pytest.mark.parametrize("pk", [10**30, 2**127])
    def test_find_nothing_by_a_number_that_may_be_an_id(self, pk):
        assert list(Budget.objects.filter(pk=pk)) == []
        assert Budget.objects.in_bulk([pk]) == {}

    def test_leave_the_block_usable_where_python_refuses(self, budget):
        for lookup, value in (
            ("id", "x"),
            ("last_movement_seq", INF),
            ("movements__metadata", nested(9**6)),
        ):
            with pytest.raises(ValueRefused):
                list(Budget.objects.filter(**{lookup: value}))

        assert list(Budget.objects.all()) == [budget]

    def test_are_what_djangos_own_code_expects(self):
        """A form that chooses a row catches ValidationError, ValueError and TypeError."""
        field = ModelChoiceField(Budget.objects.all())

        with pytest.raises(ValidationError) as caught:
            field.clean("no id")

        assert caught.value.code == "invalid_choice"

    def test_a_transaction_that_postgresql_broke_is_not_taken_for_no_row(self):
        with pytest.raises(ValueRefused) as caught:
            Budget.objects.get_or_none(name__regex="(")

        assert caught.value.sqlstate == "2201B"
        connection.set_rollback(True)


MISSPELLED: Any = "nme"


class TestFieldNames:
    def test_that_are_unknown_are_refused_by_every_kind_of_update(self, budget):
        with pytest.raises(WrongType, match="update: Budget has no field named 'nme'") as caught:
            Budget.objects.filter(pk=budget.pk).update(**{MISSPELLED: "x"})
        with pytest.raises(WrongType, match="bulk_update: Budget has no field named 'nme'"):
            Budget.objects.bulk_update([budget], [MISSPELLED])

        assert caught.value.fields == ("nme",)
        assert Budget.objects.filter(pk=budget.pk).update(name="y") == 1


class TestMessages:
    """A refused write names its field and the reason, without the text of PostgreSQL."""

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"name": None}, "name: a value is required"),
            (
                {"name": "x" * 256},
                "name: Ensure this value has at most 255 characters (it has 256).",
            ),
            ({"name": "a\0b"}, "name: the character U+0000 cannot be stored"),
            (
                {"last_movement_seq": "x"},
                "last_movement_seq: Field 'last_movement_seq' expected a number but got 'x'.",
            ),
        ],
        ids=["null", "too long", "NUL", "not a number"],
    )
    def test_name_the_field_and_the_reason(self, values, message, budget):
        with pytest.raises(CodedError) as caught, transaction.atomic():
            Budget.objects.filter(pk=budget.pk).update(**values)

        assert str(caught.value) == message


class TestWriting:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("exponent", "x"), ("exponent", INF), ("exponent", 10**30), ("owner_id", "x"),
            ("name", "x" * 256), ("name", "a\0b"), ("archived_at", "x"),
            ("last_movement_seq", 2**63),
        ],
        ids=range(8),
    )  # fmt: skip
    def test_names_the_field_whether_python_or_postgresql_refuses(self, field, value):
        values = {"name": "A", "currency": "EUR", "exponent": 2} | {field: value}

        for write in (
            lambda: Budget.objects.create(**values),
            lambda: Budget.objects.bulk_create([Budget(**values)]),
            lambda: Budget(**values).save(),
        ):
            with pytest.raises(DataError) as caught, transaction.atomic():
                write()
            assert isinstance(caught.value, ValueRefused)
            assert caught.value.fields == (field.removesuffix("_id"),)

    @pytest.mark.parametrize("value", ["x", INF, 2**63])
    def test_so_does_an_update(self, budget, value):
        with pytest.raises(ValueRefused) as caught:
            Budget.objects.filter(pk=budget.pk).update(name="B", last_movement_seq=value)

        assert caught.value.fields == ("last_movement_seq",)
        connection.set_rollback(True)

    def test_an_expression_that_is_out_of_range_names_none(self, budget):
        with pytest.raises(ValueRefused) as caught:
            Budget.objects.update(last_movement_seq=F("last_movement_seq") + 2**62 + 2**62)

        assert caught.value.fields == ()
        connection.set_rollback(True)

    def test_what_can_be_no_user_and_no_tenant(self):
        with pytest.raises(ValueRefused) as caught:
            User.objects.create_user("nobody")
        assert caught.value.fields == ("email",)


def test_what_can_be_no_tenant(committed):
    with pytest.raises(ValueRefused) as caught:
        Tenant.objects.create_tenant("a b", "x" * 256)

    assert caught.value.fields == ("slug", "name")


class TestArguments:
    @pytest.mark.parametrize(
        ("ask", "field"),
        [
            (lambda: Membership.objects.join(TEXT, "viewer"), "user"),
            (lambda: Membership.objects.of(TEXT), "user"),
            (lambda: Membership.objects.leave(TEXT), "membership"),
            (lambda: Membership.objects.change_role(NONE, "viewer"), "membership"),
            (lambda: Invitation.objects.revoke(FIVE), "invitation"),
            (lambda: Membership.objects.bulk_create([FIVE]), "objs"),
            (lambda: User.objects.by_email(FIVE), "email"),
            (lambda: User.objects.create_user(FIVE), "email"),
            (lambda: Tenant.objects.id_of(FIVE), "slug"),
        ],
    )
    def test_of_another_type_are_named(self, ask, field):
        with pytest.raises(WrongType) as caught:
            ask()

        assert caught.value.fields == (field,)
        assert caught.value.__cause__ is not None
        assert repr(TEXT) not in str(caught.value)  # it may be a secret
        connection.set_rollback(True)

    def test_what_no_argument_explains_is_raised_as_it_is(self, budget, monkeypatch):
        """A mistake of ours is not told as the caller's."""

        def broken(*_: object) -> None:
            raise AttributeError("ours")

        monkeypatch.setattr("tenants.managers.invitations.clean_role", broken)

        with pytest.raises(AttributeError, match="ours"):
            Invitation.objects.invite("new@example.com", "viewer")

    @pytest.mark.parametrize(
        ("value", "hint", "fit"),
        [
            (None, int | None, True),
            ("x", int | None, False),
            (5, Any, True),
            ({1: 2}, dict, True),
            ([1], list, True),
            ([1, "x"], list[int], False),
            ({1: 2}, dict[str, int], False),
            ((1, 2), tuple[int, int], True),
            (datetime.now(UTC), datetime, True),
            ("x", Callable[[], None], False),
        ],
    )
    def test_fit_their_annotation_or_do_not(self, value, hint, fit):
        assert fits(value, hint) is fit


class TestJSON:
    @pytest.mark.parametrize(
        "value",
        [
            nested(DEEPEST_JSON + 1), nested(5_000), nested(200_000), {"a": "x" * LARGEST_JSON},
            {"a": [*range(LARGEST_JSON)]}, {"a": "\0"}, {"\0": 1}, {"a": "\ud800"}, {"a": INF},
            {"a": 10**5000}, {"a": WORD}, {("a",): 1}, [], "x", None,
        ],
        ids=range(15),
    )  # fmt: skip
    def test_that_postgresql_or_a_later_read_would_refuse_is_refused(self, value):
        with pytest.raises(ValueError, match=r"^(is|has)"):
            clean_json_object(value)

    @pytest.mark.parametrize(
        "value",
        [
            {},
            nested(DEEPEST_JSON),
            {"a": "x" * (LARGEST_JSON - 10)},
            {"a": "\\u0000 😀", "b": [None]},
        ],
        ids=range(4),
    )
    def test_within_the_bounds_is_kept_and_read_back(self, value):
        with connection.cursor() as cursor:
            kept: Any = [Json(value), Json(clean_json_object(value))]
            cursor.execute("SELECT %s::jsonb = %s::jsonb", kept)
            assert cursor.fetchone() == (True,)

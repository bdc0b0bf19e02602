"""Explaining: a past movement made again from the rules of its time, equal to what was entered."""

import io
import json
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command

from budgets.cascade import Claim
from budgets.errors import UnknownMovement
from budgets.management.ledger_tables import explain_rows
from budgets.managers.bulk import Deposit
from budgets.managers.dispositions import Disposition
from budgets.managers.kinds import KEPT
from budgets.models import Bucket, Movement
from tests.budgets.verbs import Audited, Scene

PARTS = ("bucket", "available", "filter", "hold", "space", "kept", "reason")
STEPS = [
    ("Far", 500_00, 100_00, 0, None, 100_00, "filter"),
    ("Shut", 400_00, 40_00, 0, None, 0, "locked"),
    ("Held", 400_00, 4_00, 20_00, None, 20_00, "hold_floor"),
    ("Small", 380_00, 50_00, 0, 10_00, 10_00, "capacity_limit"),
    ("Full", 370_00, 5_00, 0, 0, 0, "full"),
    ("Idle", 370_00, 0, 0, None, 0, "nothing_wanted"),
    ("All", 370_00, 370_00, 0, None, 370_00, "filter"),
    ("Late", 0, 0, 0, None, 0, "exhausted"),
]


def rows(scene: Scene, movement: Movement) -> list[tuple[Any, ...]]:
    found = scene.do(lambda: explain_rows(Movement.objects.get(pk=movement.pk)))
    return [tuple(row[part] for part in PARTS) for row in found]


@pytest.fixture
def every_reason(scene):
    """A deposit into Away that meets a bucket for each reason there is."""

    def build():
        for name, filter, rest in (
            ("Shut", Claim(share=100_000), {"locked": True}),
            ("Held", Claim(share=10_000), {"hold": Claim(flat=20_00)}),
            ("Small", Claim(flat=50_00), {"target": 10_00}),
            ("Full", Claim(flat=5_00), {"target": 0}),
            ("Idle", Claim(), {}),
            ("All", Claim(share=1_000_000), {}),
            ("Late", Claim(flat=1), {}),
        ):
            made = Bucket.objects.create_bucket(scene.budget("Away"), name, filter=filter, **rest)
            scene.pks[name] = made.pk
        return Movement.objects.deposit(scene.budget("Away"), 500_00)

    return scene.do(build)


class TestExplained(Audited):
    def test_says_for_each_bucket_what_arrived_and_why_it_got_what_it_got(
        self, scene, every_reason
    ):
        assert rows(scene, every_reason) == STEPS

    def test_is_the_same_after_every_rule_has_changed(self, scene, every_reason):
        def change() -> None:
            away = scene.budget("Away")
            envelopes = list(away.buckets.envelopes())
            for bucket in envelopes:
                Bucket.objects.set_rules(bucket, filter=Claim(flat=1), hold=Claim(flat=2))
                Bucket.objects.set_target(bucket, 7)
                Bucket.objects.lock(bucket)
            Bucket.objects.reorder(away, envelopes[::-1])
            Movement.objects.deposit(away, 1)
            Bucket.objects.create_bucket(away, "New", filter=Claim(flat=9), priority=99)
            Bucket.objects.close(scene.bucket("Small"), Disposition.OUT)

        scene.do(change)

        assert rows(scene, every_reason) == STEPS

    def test_equals_the_entries_and_their_reasons_for_every_kind_of_cascade(self, scene):
        def cascade() -> list[Movement]:
            home = scene.home
            movements = [
                Movement.objects.deposit(home, 123_45),
                Movement.objects.redistribute(home, 50_00),
                *Movement.objects.deposit_many([Deposit(home.pk, 9), Deposit(home.pk, 700_01)]),
            ]
            Bucket.objects.close(scene.bucket("Trip"), Disposition.CASCADE)
            return [*movements, home.movements.order_by("seq").last()]

        movements = scene.do(cascade)

        for movement in movements:
            found = rows(scene, movement)
            given = [(name, kept, reason) for name, *_, kept, reason in found if kept]
            assert given == in_order(scene.lines(movement))
            names = {name for name, *_ in found}
            assert names >= {"Rent", "Fun", "Spare"}

    def test_shows_another_movement_line_by_line(self, scene):
        movement = scene.do(
            lambda: Movement.objects.transfer(scene.bucket("Rent"), scene.bucket("Fun"), 5)
        )

        assert rows(scene, movement) == [
            ("Rent", None, None, None, None, -5, "source"),
            ("Fun", None, None, None, None, 5, "direct"),
        ]


def in_order(lines: list[tuple[str, int, str]]) -> list[tuple[str, int, str]]:
    """What the cascade kept, then what went to or came from elsewhere."""
    return sorted(lines, key=lambda line: line[2] not in KEPT)


def explain(*arguments: Any) -> str:
    out = io.StringIO()
    call_command("explain", *map(str, arguments), stdout=out)
    return out.getvalue()


class TestCommand(Audited):
    def test_prints_every_step(self, scene, every_reason):
        text = explain(every_reason.pk)

        assert "deposit #2 of €500.00" in text
        for words in ("Held", "€380.00", "up to the target", "nothing arrived"):
            assert words in text

    def test_prints_json(self, scene, every_reason):
        answer = json.loads(explain(every_reason.pk, "--json"))

        steps = [tuple(row[part] for part in PARTS) for row in answer.pop("steps")]
        assert steps == STEPS
        assert answer == {
            "movement": str(every_reason.pk),
            "kind": "deposit",
            "seq": 2,
            "amount_minor": 500_00,
            "currency": "EUR",
        }

    def test_asks_which_tenant_when_two_have_the_id(self, scene, other, monkeypatch):
        pk = scene.pks["salary"]
        elsewhere = Scene(other)
        monkeypatch.setattr(Movement._meta.pk, "_get_default", lambda: pk)
        elsewhere.do(lambda: Movement.objects.deposit(elsewhere.home, 7_00))

        with pytest.raises(UnknownMovement, match="add --tenant") as refused:
            explain(pk)

        assert refused.value.code == "unknown_movement"
        assert "€1,000.00" in explain(pk, "--tenant", scene.tenant.slug)
        assert "€7.00" in explain(pk, "--tenant", other.slug)

    def test_refuses_an_id_that_is_none_or_of_nothing_or_of_another_tenant(self, scene, other):
        for arguments in (
            ["nonsense"],
            [uuid4()],
            [uuid4(), "--tenant", scene.tenant.slug],
            [scene.pks["salary"], "--tenant", other.slug],
        ):
            with pytest.raises(UnknownMovement):
                explain(*arguments)

"""`manage.py rebuild_balances`: balances and totals become what the ledger says."""

import io
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections

from budgets.jobs import audit
from tenants.context import acting_for
from tenants.errors import ConstraintBroken
from tenants.managers.tenants import TenantsManager
from tenants.postgres.base import as_owner
from tests.budgets.verbs import Audited, Scene

BREAK = (
    "UPDATE budgets_bucket SET"
    " balance = balance + 1, last_entry_seq = last_entry_seq + 2 WHERE id = %s"
)
MISCOUNT = (
    "UPDATE budgets_budget SET deposited = 7, withdrawn = 3, last_movement_seq = 9 WHERE id = %s"
)


def broken(scene: Scene, name: str, statement: str) -> None:
    """Run the statement as owner, whom the triggers do not stop for once."""
    with as_owner(), acting_for(scene.tenant), connections["default"].cursor() as cursor:
        for table in ("budgets_bucket", "budgets_budget"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, [scene.pks[name]])
        for table in ("budgets_bucket", "budgets_budget"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def rebuild(*arguments: str) -> tuple[int, str]:
    """The exit code and what was printed."""
    out = io.StringIO()
    try:
        call_command("rebuild_balances", *arguments, stdout=out)
    except SystemExit as exit:
        return int(exit.code or 0), out.getvalue()
    return 0, out.getvalue()


def of(scene: Scene) -> tuple[str, str]:
    return "--tenant", scene.tenant.slug


def ledger(scene: Scene) -> list[Any]:
    """Every version, movement and entry, without what a repair may write."""
    return scene.everything()[2:]


class TestRebuild(Audited):
    def test_finds_nothing_where_nothing_is_wrong(self, scene):
        assert rebuild(*of(scene)) == (0, "no differences\n")

    def test_names_each_difference_and_by_default_writes_nothing(self, scene):
        broken(scene, "Rent", BREAK)
        broken(scene, "Home", MISCOUNT)
        before = scene.everything()

        code, text = rebuild(*of(scene), "--json")

        report = json.loads(text)
        bucket, budget = f"bucket {scene.pks['Rent']}", f"budget {scene.pks['Home']}"
        found = [
            (row["tenant"], row["row"], row["column"], row["was"], row["says"])
            for row in report["differences"]
        ]
        slug = scene.tenant.slug
        assert (code, report["applied"]) == (1, False)
        assert found == [
            (slug, bucket, "balance", 300_01, 300_00),
            (slug, bucket, "last_entry_seq", 3, 1),
            (slug, budget, "last_movement_seq", 9, 2),
            (slug, budget, "deposited", 7, 1005_00),
            (slug, budget, "withdrawn", 3, 0),
        ]
        assert scene.everything() == before
        assert rebuild(*of(scene), "--apply")[0] == 0

    def test_writes_what_the_ledger_says_and_leaves_the_ledger_alone(self, scene):
        broken(scene, "Rent", BREAK)
        broken(scene, "Spare", BREAK)
        broken(scene, "Home", MISCOUNT)
        before = ledger(scene)

        code, text = rebuild(*of(scene), "--apply")

        assert (code, "7 differences written" in text) == (0, True)
        assert scene.balances("Rent", "Spare") == [300_00, 0]
        assert scene.totals() == (1005_00, 0)
        assert ledger(scene) == before
        assert rebuild(*of(scene)) == (0, "no differences\n")

    def test_says_in_words_that_nothing_was_written(self, scene):
        broken(scene, "Rent", BREAK)

        code, text = rebuild(*of(scene))

        assert code == 1
        assert "2 differences reported; nothing was written (use --apply)" in text
        assert rebuild(*of(scene), "--apply")[0] == 0

    def test_looks_at_every_tenant_or_only_at_the_named_one(self, scene, other, monkeypatch):
        broken(scene, "Rent", BREAK)
        both = [scene.tenant.pk, other.pk]  # as if there were no others: tests leave thousands
        monkeypatch.setattr(
            TenantsManager, "order_by", lambda self, *_: self.filter(pk__in=both), raising=False
        )

        code, text = rebuild("--json")

        slugs = {row["tenant"] for row in json.loads(text)["differences"]}
        assert (code, slugs) == (1, {scene.tenant.slug})
        assert rebuild("--tenant", other.slug) == (0, "no differences\n")
        assert rebuild(*of(scene), "--apply")[0] == 0

    def test_the_audit_names_what_it_would_repair(self, scene):
        broken(scene, "Rent", BREAK)
        broken(scene, "Home", MISCOUNT)

        found = {found.invariant for found in audit.breaks_of(scene.tenant)}

        assert found == {"I2", "I3", "I10"}
        assert rebuild(*of(scene), "--apply")[0] == 0

    def test_what_the_ledger_says_is_beyond_repair_but_not_beyond_the_audit(self, scene):
        flip = "UPDATE budgets_entry SET became_full = NOT became_full WHERE movement_id = %s"
        broken(scene, "salary", flip)

        found = {found.invariant for found in audit.breaks_of(scene.tenant, replay=True)}

        assert found == {"I5", "I6"}
        assert rebuild(*of(scene)) == (0, "no differences\n")
        broken(scene, "salary", flip)

    def test_role_app_cannot_break_a_balance(self, scene):
        with pytest.raises(ConstraintBroken) as refused, scene.block():
            connections["default"].cursor().execute(BREAK, [scene.pks["Rent"]])

        assert refused.value.constraint == "budgets_bucket_is_its_last_entry"
        assert scene.balances("Rent") == [300_00]

"""`manage.py conformance`: the case file through the database, and nothing left of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from budgets.errors import BadRule
from budgets.management.commands import conformance
from budgets.managers import MovementManager
from budgets.models import Bucket, BucketVersion, Budget, Entry, Movement
from tenants.context import inspecting
from tenants.errors import UnknownTenant
from tenants.models import Tenant
from tests.command_line import Ran, manage

FILE = Path(__file__).parents[1] / "data" / "cascade_cases.json"
CASE: dict[str, Any] = {
    "name": "pay day",
    "deposit_minor": 1000,
    "buckets": [
        {
            "name": "rent",
            "priority": 0,
            "filter": {"method": "flat_value", "value": 300},
            "hold": None,
            "target_minor": 250,
            "balance_minor": 50,
            "locked": False,
        }
    ],
    "expected": {"allocations": {"rent": 200}, "remainder_minor": 800, "filled": ["rent"]},
}


@pytest.fixture
def conform(committed, tmp_path):
    """Run the command on cases written to a file."""

    def run(document: object, *words: str) -> Ran:
        file = tmp_path / "cases.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        return manage("conformance", file, *words)

    return run


def rows() -> dict[str, int]:
    """How many rows each table of tenants has, over all tenants."""
    with inspecting():
        return {
            model.__name__: model._base_manager.count()
            for model in (Tenant, Budget, Bucket, BucketVersion, Movement, Entry)
        }


def test_every_case_of_the_file_passes_and_leaves_nothing(committed):
    before = rows()

    ran = manage("conformance", FILE)

    assert (ran.code, ran.out) == (0, "41 passed, 0 failed\n")
    assert rows() == before
    with pytest.raises(UnknownTenant):
        Tenant.objects.id_of("conformance")


def test_answers_programs_in_json(conform):
    assert conform([CASE, CASE], "--json").json == {"passed": 2, "failed": 0, "failures": []}


def test_takes_a_single_case(conform):
    assert conform(CASE).out == "1 passed, 0 failed\n"


@pytest.mark.parametrize(
    ("field", "wrong", "says"),
    [
        ("allocations", {"rent": 201}, "allocations is {'rent': 200}, not {'rent': 201}"),
        ("allocations", {}, "allocations is {'rent': 200}, not {}"),
        ("remainder_minor", 799, "remainder_minor is 800, not 799"),
        ("filled", [], "filled is ['rent'], not []"),
    ],
)
def test_names_a_case_that_comes_out_otherwise(conform, field, wrong, says):
    bad = CASE | {"name": "wrong", "expected": CASE["expected"] | {field: wrong}}

    ran = conform([CASE, bad])

    assert ran.code == 1
    assert ran.out == f"FAILED wrong: {says}\n1 passed, 1 failed\n"
    answer = conform([CASE, bad], "--json")
    assert answer.code == 1
    assert answer.json["failures"] == [{"name": "wrong", "wrong": says}]


def test_compares_with_the_pure_cascade_where_nothing_is_expected(conform, monkeypatch):
    case = {key: value for key, value in CASE.items() if key != "expected"}
    assert conform(case).code == 0
    wrong = {"allocations": {}, "remainder_minor": 1000, "filled": []}
    monkeypatch.setattr(conformance, "pure_result", lambda case: wrong)

    ran = conform(case)

    assert ran.code == 1
    assert "remainder_minor is 800, not 1000" in ran.out


def test_names_a_case_that_the_managers_refuse(conform, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise BadRule("not today")

    monkeypatch.setattr(MovementManager, "deposit", refuse)

    ran = conform(CASE)

    assert (ran.code, ran.out.splitlines()[0]) == (1, "FAILED pay day: not today [bad_rule]")


@pytest.mark.parametrize(
    "document", [[CASE | {"deposit_minor": 0}], {"name": "x"}, "x", [CASE, CASE | {"more": 1}]]
)
def test_refuses_a_file_that_holds_no_cases(conform, document):
    conform(document).assert_refused("bad_case")


def test_refuses_a_file_it_cannot_read(tmp_path):
    for file in (tmp_path / "absent", tmp_path):
        manage("conformance", file).assert_refused("bad_case", str(file))

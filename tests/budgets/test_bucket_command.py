"""`manage.py bucket`: buckets added, changed and closed, shown before and after."""

import io
from collections.abc import Callable
from typing import Any

import pytest

from budgets.cascade import Claim
from budgets.jobs import audit
from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, BucketVersion
from tenants.context import acting_for
from tests.budgets.household import Household
from tests.command_line import Ran

type Words = tuple[object, ...]

VERBS: dict[str, Words] = {
    "add": ("add", "Trip", "--filter", "5%", "--hold", "2", "--target", "900"),
    "rename": ("rename", "fun", "Joy"),
    "rules": ("rules", "Rent", "--filter", "30%", "--hold", "725"),
    "target": ("target", "Rent", "120.50"),
    "lock": ("lock", "Rent"),
    "unlock": ("unlock", "Car"),
    "reorder": ("reorder", "Car", "fun", "RENT"),
    "close": ("close", "Fun", "--to", "money", "--yes"),
}

CHANGED: dict[str, dict[str, Any]] = {
    "add": {"name": "Trip", "filter": Claim(share=50_000), "hold": Claim(flat=2_00),
            "target": 900_00, "priority": 3},
    "rename": {"name": "Joy"},
    "rules": {"name": "Rent", "filter": Claim(share=300_000), "hold": Claim(flat=725_00)},
    "target": {"name": "Rent", "target": 120_50},
    "lock": {"name": "Rent", "locked": True},
    "unlock": {"name": "Car", "locked": False},
    "reorder": {"name": "Rent", "priority": 2},
    "close": {"name": "Fun", "state": "closed", "balance": 0, "priority": None},
}  # fmt: skip
"""What a bucket is afterwards."""


@pytest.fixture
def household(tenant) -> Household:
    return Household(tenant)


@pytest.fixture(params=VERBS)
def verb(request) -> str:
    return request.param


@pytest.fixture
def ask(household, verb) -> Callable[..., Ran]:
    """Ask for the verb, with more words."""
    return lambda *words, **more: household.run("bucket", *VERBS[verb], *words, **more)


class TestEachVerb:
    def test_changes_the_bucket_and_shows_it_before_and_after(self, household, verb, ask):
        answer = ask("--json").json

        with acting_for(household.tenant):
            changed = Bucket.objects.get(name=CHANGED[verb]["name"])
        assert {name: getattr(changed, name) for name in CHANGED[verb]} == CHANGED[verb]
        [after] = [row for row in answer["after"] if row["id"] == str(changed.pk)]
        before = [row for row in answer["before"] if row["id"] == str(changed.pk)]
        assert (after["bucket"], after["state"]) == (changed.name, changed.state)
        assert (after["priority"], after["target_minor"]) == (changed.priority, changed.target)
        assert len(before) == (verb != "add")
        assert before != [after]
        assert (answer["dry_run"], answer["repeated"]) == (False, False)
        assert list(audit.breaks_of(household.tenant, replay=True)) == []

    def test_a_dry_run_prints_the_same_and_writes_nothing(self, household, ask):
        before = household.everything()

        tried, told = ask("--dry-run"), ask("--dry-run", "--json").json

        assert household.everything() == before
        first, *table = tried.out.splitlines()
        assert first.rstrip().endswith("(dry run: nothing was written)")
        assert (told["dry_run"], told["movement"]) == (True, None)
        done = ask("--key", "k")
        assert done.out.splitlines()[1 : len(table) + 1] == table

    def test_a_repeated_key_changes_nothing_and_says_so(self, household, ask):
        ask("--key", "k")
        before = household.everything()

        again, told = ask("--key", "k"), ask("--key", "k", "--json").json

        assert household.everything() == before
        assert (told["repeated"], told["before"]) == (True, told["after"])
        assert "already done with this key: nothing changed" in " ".join(again.out.split())

    def test_records_who_and_why(self, household, ask):
        email = household.member("editor")

        ran = ask("--by", email, "--memo", "Why", "--key", "k")

        assert ran.code == 0
        with acting_for(household.tenant):
            version = BucketVersion.objects.get(key="k", actor__email=email)
            assert version.memo == "Why"

    def test_a_role_that_changes_no_rules_is_refused(self, household, ask):
        service = household.member("service")
        before = household.everything()

        ask("--by", service).assert_refused("not_allowed", "service")

        assert household.everything() == before


REFUSED: tuple[tuple[Words, str, str], ...] = (
    (("add", "rent", "--filter", "1"), "bad_rule", "name"),
    (("add", "Trip", "--filter", "x"), "bad_amount", "'x'"),
    (("add", "Trip", "--filter", "1", "--priority", "0"), "bad_rule", "priority"),
    (("rename", "Fun", "RENT"), "bad_rule", "name"),
    (("rename", "Fun", " "), "bad_rule", "name"),
    (("rename", "Gone", "New"), "bucket_closed", "Gone"),
    (("rename", "Fnu", "New"), "unknown_bucket", "did you mean 'Fun'?"),
    (("rules", "Fun", "--filter", "101%"), "bad_rule", "100"),
    (("rules", "Money", "--filter", "1"), "bad_rule", "money bucket"),
    (("rules", "Gone", "--filter", "1"), "bucket_closed", "Gone"),
    (("target", "Fun", "-1"), "bad_amount", "'-1'"),
    (("target", "Fun", "much"), "bad_amount", "'much'"),
    (("target", "Gone", "1"), "bucket_closed", "Gone"),
    (("lock", "Money"), "bad_rule", "money bucket"),
    (("lock", "Gone"), "bucket_closed", "Gone"),
    (("unlock", "Crr"), "unknown_bucket", "'Car'"),
    (("reorder", "Rent", "Fun"), "not_a_permutation", "Car"),
    (("reorder", "Rent", "Fun", "Car", "Money"), "not_a_permutation", "Money"),
    (("reorder", "Rent", "Fun", "Car", "rent"), "not_a_permutation", "Rent"),
    (("close", "Money", "--to", "out", "--yes"), "bad_rule", "money bucket"),
    (("close", "Gone", "--to", "out", "--yes"), "bucket_closed", "Gone"),
    (("close", "Fun", "--to", "bucket", "--yes"), "bad_rule", "name a bucket"),
    (("close", "Fun", "--to", "out", "--into", "Rent", "--yes"), "bad_rule", "only then"),
    (
        ("close", "Fun", "--to", "bucket", "--into", "Fun", "--yes"),
        "nothing_to_move",
        "itself",
    ),
)
"""Words, the code they are refused with, and a word of the line that says so."""


def test_a_refusal_is_one_line_and_writes_nothing(household, verb, subtests):
    before = household.everything()

    for words, code, said in (each for each in REFUSED if each[0][0] == verb):
        with subtests.test(words):
            household.run("bucket", *words).assert_refused(code, said)

    assert household.everything() == before


def test_a_role_that_may_only_read_is_refused(household):
    ran = household.run("bucket", "lock", "Rent", "--by", household.member("viewer"))

    ran.assert_refused("not_allowed", "viewer")


def test_a_key_of_another_request_is_refused(household):
    household.run("deposit", "5", "--key", "k")

    for words in (("lock", "Rent"), ("add", "Trip", "--filter", "1"), ("reorder", "Rent")):
        household.run("bucket", *words, "--key", "k").assert_refused("key_reused", "'k'")


def test_budget_and_buckets_are_found_by_their_ids(household):
    rent, fun, car = (household.bucket(name).pk for name in ("Rent", "Fun", "Car"))

    for words in (("lock", rent), ("reorder", car, fun, rent), ("rename", car, "Auto")):
        assert household.run("bucket", *words, budget=str(household.budget.pk)).code == 0

    assert household.bucket("Auto").pk == car


class TestPictures:
    def test_say_before_and_after_where_something_changed(self, household):
        ran = household.run("bucket", "rules", "Rent", "--filter", "35%", "--hold", "10")

        title, *lines = ran.out.splitlines()
        assert title.rstrip() == "rules Rent"
        [row] = [line for line in lines if "Rent" in line]
        cells = [cell.strip() for cell in row.split("│")[1:-1]]
        assert cells == [
            "Rent", "0", "€100.00 → 35 %, at least €10.00", "€150.00", "€100.00", "active",
        ]  # fmt: skip

    def test_say_that_there_was_nothing_to_change(self, household):
        household.run("bucket", "lock", "Rent")
        before = household.everything()

        ran = household.run("bucket", "lock", "Rent")

        assert ran.out.startswith("lock Rent: nothing to change")
        assert household.everything() == before

    def test_a_hold_or_a_target_is_taken_away_by_its_absence(self, household):
        household.run("bucket", "rules", "Rent", "--filter", "1", "--hold", "2")

        household.run("bucket", "rules", "Rent", "--filter", "1")
        household.run("bucket", "target", "Rent", "none")

        rent = household.bucket("Rent")
        assert (rent.hold, rent.target) == (None, None)


class TestClose:
    @pytest.mark.parametrize(
        ("words", "balances"),
        [
            ((Disposition.MONEY,), {"Money": 400_00}),
            ((Disposition.CASCADE,), {"Rent": 150_00, "Money": 350_00}),
            ((Disposition.BUCKET, "--into", "Rent"), {"Rent": 300_00}),
            ((Disposition.OUT,), {}),
        ],
        ids=str,
    )
    def test_its_money_goes_where_it_is_told(self, household, words, balances):
        tried = household.run("bucket", "close", "Fun", "--to", *words, "--dry-run", "--json")

        answer = household.run("bucket", "close", "Fun", "--to", *words, "--yes", "--json").json

        stood = {"Rent": 100_00, "Car": 0, "Money": 200_00}
        assert household.balances() == stood | balances
        assert answer["movement"] == str(household.newest().pk)
        assert tried.json["after"] == answer["after"]
        assert list(audit.breaks_of(household.tenant, replay=True)) == []

    def test_every_way_the_verb_has_is_a_choice(self, household):
        ran = household.run("bucket", "close", "Fun", "--to", "elsewhere")

        assert ran.code == 2
        assert all(f"'{way}'" in ran.err for way in Disposition)

    def test_an_empty_bucket_needs_no_movement(self, household):
        answer = household.run("bucket", "close", "Car", "--to", "money", "--yes", "--json").json

        assert answer["movement"] is None

    @pytest.mark.parametrize("words", [(), ("--json",)])
    def test_is_not_done_where_nobody_can_be_asked(self, household, words):
        before = household.everything()

        ran = household.run("bucket", "close", "Fun", "--to", "money", *words)

        ran.assert_refused("not_confirmed", "--yes", "--dry-run")
        assert household.everything() == before


class TestAtATerminal:
    """Closing shows what it would do, and asks."""

    @pytest.fixture
    def answering(self, monkeypatch) -> Callable[[str], None]:
        def answer(text: str) -> None:
            stdin = io.StringIO(text)
            monkeypatch.setattr(stdin, "isatty", lambda: True)
            monkeypatch.setattr("sys.stdin", stdin)

        return answer

    @pytest.mark.parametrize("text", ["y\n", "YES\n"])
    def test_yes_closes_it(self, household, answering, text):
        answering(text)

        ran = household.run("bucket", "close", "Fun", "--to", "money")

        assert ran.code == 0
        assert "€200.00 → €0.00" in ran.out.partition("Close it for good? [y/N] ")[0]
        assert "Fun" not in household.balances()
        assert ran.out.splitlines()[-1].startswith(f"Movement {household.newest().pk}. ")

    @pytest.mark.parametrize("text", ["", "\n", "n\n", "maybe\n"])
    def test_anything_else_does_not(self, household, answering, text):
        answering(text)
        before = household.everything()

        ran = household.run("bucket", "close", "Fun", "--to", "money")

        assert (ran.code, ran.err) == (
            2,
            "error [not_confirmed]: not confirmed: the bucket was not closed\n",
        )
        assert household.everything() == before

    def test_what_changed_since_it_was_shown_is_not_closed(self, household, monkeypatch):
        stdin = io.StringIO()
        monkeypatch.setattr(stdin, "isatty", lambda: True)
        monkeypatch.setattr(
            stdin, "readline", lambda: household.run("deposit", "5") and "y\n", raising=False
        )
        monkeypatch.setattr("sys.stdin", stdin)

        ran = household.run("bucket", "close", "Fun", "--to", "money")

        assert ran.code == 2
        assert ran.err.startswith("error [stale_plan]: ")
        assert "Fun" in household.balances()


class TestRepeats:
    """Mean what they meant, whatever was renamed or closed in between."""

    def test_a_rename_and_a_close_find_the_bucket_by_the_name_it_had(self, household):
        steps = (
            ("rename", "Fun", "Joy", "--key", "r"),
            ("lock", "joy", "--key", "l"),
            ("close", "Joy", "--to", "money", "--yes", "--key", "c"),
            ("add", "Fun", "--filter", "1"),
            ("add", "Joy", "--filter", "1"),
        )
        for words in steps:
            assert household.run("bucket", *words).code == 0
        before = household.everything()

        for words in steps[:3]:
            assert household.run("bucket", *words, "--json").json["repeated"]

        assert household.everything() == before

    def test_the_same_in_python_and_as_budget_add_is_one_request(self, household):
        with acting_for(household.tenant):
            made = Bucket.objects.create_bucket(
                household.budget, "Trip", filter=Claim(flat=5_00), key="k"
            )

        for command in ("bucket", "budget"):
            assert household.run(command, "add", "Trip", "--filter", "5", "--key", "k").code == 0

        with acting_for(household.tenant):
            assert Bucket.objects.get(name="Trip") == made

"""`manage.py withdraw`, `transfer`, `redistribute`, `release` and `reverse`."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from budgets.jobs import audit
from budgets.managers.kinds import MovementKind
from budgets.models import Bucket, Budget, Movement
from tenants.context import acting_for
from tests.budgets.household import Household
from tests.command_line import Ran, manage

type Words = tuple[object, ...]

VERBS: dict[str, Words] = {
    "withdraw": ("withdraw", "20", "--from", "rent"),
    "transfer": ("transfer", "80", "--from", "Money", "--into", "RENT"),
    "redistribute": ("redistribute", "100"),
    "redistribute --into": ("redistribute", "80", "--into", "Fun"),
    "release": ("release", "Rent"),
    "reverse": ("reverse", "1"),
}
"""How each is asked of a household; that of `release` has lowered the target of Rent first."""

BECOMES = {
    "withdraw": {"Rent": 80_00},
    "transfer": {"Rent": 150_00, "Money": 150_00},
    "redistribute": {"Rent": 150_00, "Fun": 225_00, "Money": 125_00},
    "redistribute --into": {"Fun": 280_00, "Money": 120_00},
    "release": {"Rent": 60_00, "Money": 240_00},
    "reverse": {"Rent": 0, "Fun": 0, "Money": 0},
}
STOOD = {"Rent": 100_00, "Fun": 200_00, "Car": 0, "Money": 200_00}


@pytest.fixture
def household(tenant) -> Household:
    return Household(tenant)


@pytest.fixture(params=VERBS)
def verb(request, household) -> str:
    if request.param == "release":
        with acting_for(household.tenant):
            Bucket.objects.set_target(Bucket.objects.get_by_name(household.budget, "Rent"), 60_00)
    return request.param


@pytest.fixture
def ask(household, verb) -> Callable[..., Ran]:
    """Ask for the verb, with more words."""
    return lambda *words, **more: household.run(*VERBS[verb], *words, **more)


def table(ran: Ran) -> list[str]:
    """The lines of the table, without its title and the way back."""
    assert (ran.code, ran.err) == (0, "")
    return [line for line in ran.out.splitlines() if line[0] in "┃│┏┡└"]


class TestEachVerb:
    def test_moves_the_money_and_says_what_was_before_and_after(self, household, verb, ask):
        answer = ask("--json").json

        assert household.balances() == STOOD | BECOMES[verb]
        newest = household.newest()
        assert (answer["movement"], answer["seq"]) == (str(newest.pk), 2)
        assert answer["kind"] == newest.kind
        assert (answer["currency"], answer["amount_minor"]) == ("EUR", newest.amount)
        assert (answer["dry_run"], answer["repeated"]) == (False, False)
        moved = {line["bucket"]: (line["before"], line["after"]) for line in answer["lines"]}
        assert moved == {name: (STOOD[name], after) for name, after in BECOMES[verb].items()}
        assert list(audit.breaks_of(household.tenant, replay=True)) == []

    def test_a_dry_run_prints_the_same_and_writes_nothing(self, household, ask):
        before = household.everything()

        tried, told = ask("--dry-run"), ask("--dry-run", "--json").json

        assert household.everything() == before
        assert "(dry run: nothing was written)" in tried.out.splitlines()[0]
        assert tried.out.splitlines()[-1].startswith("└")  # nothing there is to undo
        assert (told["dry_run"], told["movement"], told["seq"]) == (True, None, None)
        done = ask("--key", "k")
        assert table(done) == table(tried)
        assert ask("--key", "k", "--json").json["lines"] == told["lines"]

    def test_a_repeated_key_moves_nothing_and_says_so(self, household, ask):
        first = ask("--key", "k", "--json").json
        before = household.everything()

        again, told = ask("--key", "k"), ask("--key", "k", "--json").json
        tried = ask("--key", "k", "--dry-run", "--json").json

        assert household.everything() == before
        assert told == first | {"repeated": True}
        assert tried == told | {"dry_run": True}
        said = " ".join(again.out.split())
        assert "already posted with this key as movement 2: nothing moved" in said

    def test_its_key_is_refused_for_another_request(self, household, ask):
        household.run("deposit", "5", "--key", "k")
        before = household.everything()

        ask("--key", "k").assert_refused("key_reused", "'k'")

        assert household.everything() == before

    def test_records_who_when_and_why(self, household, ask):
        email = household.member("service")

        ran = ask("--by", email, "--at", "2026-03-31T12:00+02:00", "--memo", "Why", "--key", "k")

        assert ran.code == 0
        newest = household.newest()
        with acting_for(household.tenant):
            assert newest.actor.email == email
        assert (newest.memo, newest.key) == ("Why", "k")
        assert newest.effective_at == datetime(2026, 3, 31, 10, tzinfo=UTC)

    def test_a_role_that_may_only_read_is_refused(self, household, ask):
        viewer = household.member("viewer")
        before = household.everything()

        ask("--by", viewer).assert_refused("not_allowed", "viewer")

        assert household.everything() == before

    def test_works_on_an_archived_budget_which_money_may_leave(self, household, verb, ask):
        with acting_for(household.tenant):
            Budget.objects.archive(household.budget)

        assert ask().code == 0

        household.run("deposit", "5").assert_refused("unknown_budget")
        assert household.balances() == STOOD | BECOMES[verb]

    def test_says_how_to_undo_it(self, household, ask):
        before = household.balances()

        last = ask().out.splitlines()[-1]

        newest = household.newest()
        assert last.startswith(f"Movement {newest.pk}. ")
        _, _, command = last.partition("To undo it: manage.py ")
        if newest.kind != MovementKind.REVERSAL:
            assert manage(*command.split()).code == 0
            assert household.balances() == before
        else:
            assert command == ""

    def test_finds_budget_and_buckets_by_their_ids(self, household, verb):
        ids = {name.lower(): household.bucket(name).pk for name in STOOD}
        words = [ids.get(str(word).lower(), word) for word in VERBS[verb]]

        ran = household.run(*words, budget=str(household.budget.pk))

        assert ran.code == 0
        assert household.balances() == STOOD | BECOMES[verb]


REFUSED: tuple[tuple[Words, str, str], ...] = (
    (
        ("withdraw", "100.01", "--from", "Rent"),
        "not_enough_money",
        "€100.00 available, €100.01 requested",
    ),
    (("withdraw", "1", "--from", "Gone"), "bucket_closed", "Gone"),
    (("withdraw", "1", "--from", "Rnet"), "unknown_bucket", "did you mean 'Rent'?"),
    (("withdraw", "0", "--from", "Rent"), "bad_amount", "'0'"),
    (("withdraw", "1 USD", "--from", "Rent"), "wrong_currency", "EUR"),
    (("withdraw", "1", "--from", "Rent", "--at", "noon"), "bad_question", "'noon'"),
    (("withdraw", "1", "--from", "Rent", "--at", "1600-01-01"), "bad_particulars", "1970"),
    (("withdraw", "1", "--from", "Rent", "--key", ""), "bad_particulars", "key"),
    (("transfer", "201", "--from", "Money", "--into", "Fun"), "not_enough_money", "Money"),
    (("transfer", "1", "--from", "Gone", "--into", "Fun"), "bucket_closed", "Gone"),
    (("transfer", "1", "--from", "Fun", "--into", "gone"), "bucket_closed", "Gone"),
    (("transfer", "1", "--from", "Fun", "--into", "Nil"), "unknown_bucket", "'Nil'"),
    (("transfer", "1", "--from", "Fun", "--into", "fun"), "nothing_to_move", "itself"),
    (
        ("transfer", "60", "--from", "Fun", "--into", "Rent", "--overflow", "reject"),
        "no_space",
        "€50.00 available, €60.00 requested",
    ),
    (("redistribute", "201"), "not_enough_money", "Money"),
    (("redistribute", "5", "--into", "Car"), "bucket_locked", "Car"),
    (("redistribute", "5", "--into", "Gone"), "bucket_closed", "Gone"),
    (("redistribute", "5", "--into", "Ren"), "unknown_bucket", "'Rent'"),
    (("redistribute", "five"), "bad_amount", "'five'"),
    (("release", "Rent"), "nothing_to_move", "Rent"),
    (("release", "Gone"), "bucket_closed", "Gone"),
    (("release", "x"), "unknown_bucket", "'x'"),
    (("reverse", "7"), "unknown_movement", "from 1 to 1"),
    (("reverse", "0" * 30), "unknown_movement", "Household"),
    (("reverse", "salary"), "unknown_movement", "'salary'"),
)
"""Words, the code they are refused with, and a word of the line that says so."""


@pytest.mark.parametrize("command", ["withdraw", "transfer", "redistribute", "release", "reverse"])
def test_a_refusal_is_one_line_and_writes_nothing(household, subtests, command):
    before = household.everything()

    for words, code, said in (each for each in REFUSED if each[0][0] == command):
        with subtests.test(words):
            for more in ((), ("--dry-run",)):
                household.run(*words, *more).assert_refused(code, said)

    assert household.everything() == before


def test_what_is_not_there_is_one_line_with_the_nearest_name(household, unique):
    words, slug = VERBS["withdraw"], household.tenant.slug

    household.run(*words, budget="Houshold").assert_refused("unknown_budget", "mean 'Household'?")
    household.run(*words, budget="Elsewhere").assert_refused("unknown_budget", "'Elsewhere' here")
    household.run(*words, "--by", f"{unique}@x.org").assert_refused("not_a_member", unique)
    ran = manage(*words, "--tenant", f"{slug}x", "--budget", "Household")
    ran.assert_refused("unknown_tenant", f"did you mean '{slug}'")


class TestReverse:
    def test_is_refused_when_the_money_is_gone_or_it_was_undone(self, household):
        household.run("withdraw", "50", "--from", "Fun")

        household.run("reverse", "1").assert_refused("reversal_refused", "Fun")
        assert household.run("reverse", "2").code == 0
        household.run("reverse", "2").assert_refused("reversal_refused", "before")
        household.run("reverse", "3").assert_refused("reversal_refused", "reversal")

    def test_finds_no_movement_of_another_budget(self, household):
        with acting_for(household.tenant):
            away = Budget.objects.create_budget("Away", "EUR")
            theirs = Movement.objects.deposit(away, 5).pk

        household.run("reverse", theirs).assert_refused("unknown_movement", str(theirs))
        assert household.run("reverse", theirs, budget="Away").code == 0


class TestRepeats:
    """Mean what they meant, whatever was renamed or closed in between."""

    def test_a_bucket_that_was_renamed_is_the_same(self, household):
        words = ("withdraw", "20", "--from", "Fun", "--key", "k")
        household.run(*words)
        with acting_for(household.tenant):
            Bucket.objects.rename(Bucket.objects.get_by_name(household.budget, "Fun"), "Joy")
            Bucket.objects.rename(Bucket.objects.get_by_name(household.budget, "Rent"), "Fun")
        before = household.everything()

        assert household.run(*words, "--json").json["repeated"]

        assert household.everything() == before
        household.run(*words[:3], "Rent", *words[4:]).assert_refused("key_reused")

    def test_so_is_one_that_was_closed(self, household):
        words = ("transfer", "20", "--from", "Fun", "--into", "Rent")
        household.run(*words, "--key", "k")
        household.run("bucket", "close", "Fun", "--to", "money", "--yes")

        assert household.run(*words, "--key", "k", "--json").json["repeated"]
        household.run(*words).assert_refused("bucket_closed", "Fun")
        household.run("deposit", "20", "--into", "Fun").assert_refused("unknown_bucket", "closed")


def test_a_day_alone_is_its_first_moment_where_the_tenant_lives(household):
    household.run("withdraw", "1", "--from", "Rent", "--at", "2026-03-31", "--locale", "de")

    assert household.newest().effective_at == datetime(2026, 3, 31, tzinfo=UTC)


def test_how_full_a_bucket_is_then_is_drawn(household):
    ran = household.run("transfer", "20", "--from", "Fun", "--into", "Rent")

    [rent] = [line for line in ran.out.splitlines() if "│ Rent" in line]
    assert "│ €100.00 │ +€20.00 │ €120.00 │ ████████████████░░░░  80 % │ direct" in rent


def test_a_redistribution_says_how_much_of_it_moved(household):
    ran = household.run("redistribute", "100")

    assert ran.out.startswith("Redistribution of €100.00 (€75.00 moved), movement 2")

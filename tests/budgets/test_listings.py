"""What people ask of the listings of movements, buckets, schedules, members and the like."""

from datetime import timedelta

from django.utils import timezone

from budgets.managers.dispositions import Disposition
from budgets.models import Bucket, Movement, Schedule
from tenants.models import Change, Invitation, Membership
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory


def test_movements_of_all_budgets_are_listed_by_their_kind_newest_first(acting):
    one, two = BudgetFactory(), BudgetFactory()
    deposits = [Movement.objects.deposit(budget, 100) for budget in (one, two, one)]
    Movement.objects.withdraw(one.buckets.money(), 50)

    page = Movement.objects.page({"kind": "deposit"})

    assert list(page.rows) == deposits[::-1]
    assert list(Movement.objects.listed({"kind": "deposit", "budget": two.pk})) == [deposits[1]]


def test_what_reversed_a_movement_is_found(budget):
    deposit = Movement.objects.deposit(budget, 100)
    reversal = Movement.objects.reverse_movement(deposit)

    assert list(Movement.objects.listed({"reverses": str(deposit.pk)})) == [reversal]


def test_buckets_are_listed_as_they_are_locked_or_closed(budget):
    locked, closed, neither = (BucketFactory(budget=budget, name=name) for name in "abc")
    Bucket.objects.lock(locked)
    Bucket.objects.close(closed, Disposition.MONEY)

    def names(**asked):
        return [each.name for each in Bucket.objects.listed({"sort": "name", **asked})]

    assert names(locked="true") == ["a"]
    assert names(closed="true") == ["b"]
    assert names(locked="false", closed="false", budget=budget.pk)[1:] == ["c"]
    assert neither.name == "c"


def test_schedules_are_listed_as_they_are_paused_and_by_when_they_are_due(budget):
    soon = timezone.now().replace(tzinfo=None, microsecond=0) + timedelta(days=1)
    rent, gym = (
        Schedule.objects.create_schedule(
            budget, name, 5_00, rrule="FREQ=MONTHLY", starts=soon + timedelta(days=day),
            time_zone="UTC",
        )
        for day, name in enumerate(("Rent", "Gym"))
    )  # fmt: skip
    Schedule.objects.pause(gym)

    assert list(Schedule.objects.listed({"paused": "true"})) == [gym]
    assert list(Schedule.objects.listed({"ongoing": "true", "sort": "due"})) == [rent, gym]
    assert list(Schedule.objects.listed({"ongoing": "false"})) == []
    assert list(Schedule.objects.listed({"search": "REN"})) == [rent]


def test_open_invitations_are_those_not_accepted_and_not_expired(acting):
    invitation, _ = Invitation.objects.invite("ada@example.com", "viewer")
    now = timezone.now().isoformat()

    still_open = {"accepted": "false", "expires_at__gte": now}
    expired = {"accepted": "false", "expires_at__lt": now}

    assert list(Invitation.objects.listed({**still_open, "search": "ADA@"})) == [invitation]
    assert list(Invitation.objects.listed(expired)) == []


def test_members_who_left_are_listed_among_all(acting):
    stays, goes = MembershipFactory(), MembershipFactory(role="viewer")
    Membership.objects.leave(goes)

    assert list(Membership.objects.listed({"role": "viewer"})) == []
    assert list(Membership.all_objects.listed({"left": "true"})) == [goes]
    assert list(Membership.all_objects.listed({"left": "false"})) == [stays]


def test_changes_are_listed_by_the_row_and_by_its_model(acting):
    budget = BudgetFactory(name="Old")
    budget.name = "New"
    budget.save(update_fields=["name", "updated_at"])
    BudgetFactory()

    assert [change.verb for change in Change.objects.page({"row": budget.pk}).rows] == [
        "update",
        "insert",
    ]
    assert len(Change.objects.page({"model": "budgets.budget"}).rows) == 3

"""The admin's pages of budgets: money, shares, states and what belongs together."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from budgets.cascade import Claim
from budgets.managers.dispositions import Disposition, Overflow
from budgets.models import Bucket, BucketVersion, Budget, Entry, Movement, Schedule, ScheduleVersion
from tenants.admin import inspection
from tenants.context import acting_for
from tenants.models import Membership, Tenant, User
from tests.browser import UNCOLLECTED, browser, count, links, list_of, page_of, read, staff, text
from tests.budgets.paydays import pay_day
from tests.factories import BucketFactory, BudgetFactory, MembershipFactory, UserFactory

pytestmark = UNCOLLECTED


@pytest.fixture
def client(committed) -> Client:
    return browser(User.objects.create_superuser(UserFactory.build().email))


@pytest.fixture
def household(tenant: Tenant) -> Budget:
    """A budget in EUR: rent filled, fun locked, a trip half way, the rest in the money bucket."""
    with acting_for(tenant, actor=UserFactory()):
        budget = BudgetFactory(owner=MembershipFactory(), name="Household")
        BucketFactory(budget=budget, name="Rent", filter=Claim(flat=300_00), target=300_00)
        fun = BucketFactory(
            budget=budget, name="Fun", filter=Claim(share=333_333), hold=Claim(flat=5_00)
        )
        Bucket.objects.lock(fun)
        BucketFactory(budget=budget, name="Trip", filter=Claim(flat=50_00), target=100_00)
        Movement.objects.deposit(budget, 1_234_56, key="pay-june", memo="Salary of June")
    return budget


def find(tenant: Tenant, model, **named):
    with acting_for(tenant):
        return model.objects.select_related("budget").get(**named)


def table_of(html: str, title: str) -> list[str]:
    """The rows of the table with that title on a row's page, as text."""
    inside = re.search(rf'inline-heading">\s*{title}\s*</h2>(.*?)</table>', html, re.DOTALL)
    assert inside is not None
    body = inside[1].partition("<tbody>")[2]
    return [text(row) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]


def rows_of(html: str) -> list[str]:
    """The rows of a list, as text."""
    body = html.partition('id="result_list"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [text(row) for row in re.findall(r"<tr.*?</tr>", body, re.DOTALL)]


class TestMoney:
    @pytest.mark.parametrize(
        ("currency", "minor", "shown"),
        [
            ("JPY", 1_234_567, "¥1,234,567"),
            ("EUR", 1_234_567, "€12,345.67"),
            ("KWD", 1_234_567, "KWD1,234.567"),
        ],
    )
    def test_has_the_decimals_of_its_currency(self, currency, minor, shown, client, tenant):
        with acting_for(tenant):
            budget = BudgetFactory(currency=currency)
            movement = Movement.objects.deposit(budget, minor)
        slug = tenant.slug

        pages = [
            read(client, list_of(Budget), tenant=slug),
            read(client, page_of(budget)),
            read(client, list_of(Bucket), tenant=slug),
            read(client, list_of(Movement), tenant=slug),
            read(client, page_of(movement)),
            read(client, list_of(Entry), tenant=slug),
        ]

        assert all(shown in text(page) for page in pages)
        assert not [page for page in pages if str(minor) in text(page)]

    def test_stands_on_the_right(self, client, tenant, household):
        html = read(client, list_of(Bucket), tenant=tenant.slug)

        assert '<td class="field-balance number">' in html
        assert "column-balance number" in html


class TestBuckets:
    def test_show_rules_state_and_fill(self, client, tenant, household):
        rows = rows_of(read(client, list_of(Bucket), tenant=tenant.slug))

        slug = tenant.slug
        assert rows == [
            f"Trip Household {slug} active 2 €50.00 - €50.00 €100.00 50 %",
            f"Fun Household {slug} locked 1 33.3333 % €5.00 €0.00 - -",
            f"Rent Household {slug} full 0 €300.00 - €300.00 €300.00 100 %",
            f"Money Household {slug} active - - - €884.56 - -",
        ]

    def test_are_found_by_their_state(self, client, tenant, household):
        with acting_for(tenant):
            Bucket.objects.lock(BucketFactory(budget=household, name="Shut", target=0))
            gone = BucketFactory(budget=household, name="Gone", target=0)
            Bucket.objects.close(gone, Disposition.MONEY)

        found = {
            state: re.findall(r"^\w+", "\n".join(rows_of(self.list(client, tenant, state))), re.M)
            for state in ("active", "full", "locked", "closed")
        }

        assert found == {
            "active": ["Trip", "Money"],
            "full": ["Rent"],
            "locked": ["Shut", "Fun"],
            "closed": ["Gone"],
        }

    def test_are_as_full_as_they_are_though_the_bar_ends_at_100(self, client, tenant):
        with acting_for(tenant):
            bucket = BucketFactory(target=200)
            Movement.objects.deposit_into(bucket, 500, overflow=Overflow.ALLOW)

        html = read(client, page_of(bucket))

        assert '<meter max="100" value="100"></meter> 250 %' in html

    def test_without_any_capacity_are_full(self, client, tenant):
        with acting_for(tenant):
            bucket = BucketFactory(target=0)

        [row, _] = rows_of(read(client, list_of(Bucket), tenant=tenant.slug))

        assert " full " in row
        assert row.endswith("€0.00 €0.00 100 %")
        assert page_of(bucket) in read(client, list_of(Bucket), tenant=tenant.slug, state="full")

    def test_show_their_latest_entries_and_rules(self, client, tenant, household, monkeypatch):
        with acting_for(tenant):
            fun = household.buckets.get(name="Fun")
            for amount in (1_00, 2_00, 3_00):
                Movement.objects.deposit_into(fun, amount)
        monkeypatch.setattr(inspection, "MOST_ROWS", 2)

        html = read(client, page_of(fun))

        assert table_of(html, "Latest entries") == [
            "3 deposit_into #4 €3.00 €3.00 €6.00 Direct -",
            "2 deposit_into #3 €1.00 €2.00 €3.00 Direct -",
        ]
        latest, first = table_of(html, "Latest rules")
        assert latest.startswith("2 1 Fun 1 33.3333 % €5.00 - yes ")
        assert first.startswith("1 1 Fun 1 33.3333 % €5.00 - - ")
        assert f"{list_of(Entry)}?tenant={tenant.slug}&bucket__id__exact={fun.pk}" in links(
            html, "/admin/"
        )

    @staticmethod
    def list(client, tenant, state):
        return read(client, list_of(Bucket), tenant=tenant.slug, state=state)


class TestBudgets:
    def test_show_their_buckets_in_the_order_they_are_filled(self, client, tenant, household):
        html = read(client, page_of(household))

        assert table_of(html, "Buckets") == [
            "0 Rent full €300.00 - €300.00 €300.00 100 %",
            "1 Fun locked 33.3333 % €5.00 €0.00 - -",
            "2 Trip active €50.00 - €50.00 €100.00 50 %",
            "- Money active - - €884.56 - -",
        ]
        assert html.count("<meter") == 2

    def test_show_their_owner_and_lead_to_their_lists(self, client, tenant, household):
        html = read(client, page_of(household))

        with acting_for(tenant):
            owner = Membership.objects.select_related("user").get()
        assert f'<a href="{page_of(owner)}">{owner.user.email}</a>' in html
        for model in (Bucket, Movement, BucketVersion):
            [link] = [link for link in links(html, list_of(model)) if "budget__id" in link]
            assert "Household" in text(read(client, link))

    def test_are_found_by_their_state(self, client, tenant, household):
        with acting_for(tenant):
            old = BudgetFactory(name="Old")
            Budget.objects.filter(pk=old.pk).update(archived_at=old.created_at)

        slug = tenant.slug
        found = {
            state: [
                row.split()[0]
                for row in rows_of(read(client, list_of(Budget), tenant=slug, state=state))
            ]
            for state in ("open", "archived")
        }

        assert found == {"open": ["Household"], "archived": ["Old"]}

    def test_their_schedules_rest_while_they_are_archived(self, client, tenant, household):
        with acting_for(tenant):
            pay_day(household, name="Wages")
            old = pay_day(BudgetFactory(name="Old"), name="Pension")
            Budget.objects.filter(pk=old.budget.pk).update(archived_at=old.created_at)

        found = {
            state: rows_of(read(client, list_of(Schedule), tenant=tenant.slug, state=state))
            for state in ("active", "resting")
        }

        assert {state: [row.split()[0] for row in rows] for state, rows in found.items()} == {
            "active": ["Wages"],
            "resting": ["Pension"],
        }
        assert "resting" in found["resting"][0]


class TestLedger:
    def test_a_movement_shows_its_entries(self, client, tenant, household):
        movement = find(tenant, Movement, key="pay-june")

        html = read(client, page_of(movement))

        assert table_of(html, "Entries") == [
            "1 Rent €0.00 €300.00 €300.00 Filter yes",
            "2 Trip €0.00 €50.00 €50.00 Filter -",
            "3 Money €0.00 €884.56 €884.56 Remainder -",
        ]
        assert "Amount: €1,234.56 Net amount: €1,234.56" in text(html)

    def test_is_searched_by_memo_key_and_id(self, client, tenant, household):
        movement = find(tenant, Movement, key="pay-june")
        with acting_for(tenant):
            Movement.objects.deposit(household, 1_00, memo="Refund")
        searches = ["salary", "pay-june", str(movement.pk)]

        found = [
            rows_of(read(client, list_of(Movement), q=search, tenant=tenant.slug))
            for search in searches
        ]

        assert [[row.split(" Household")[0] for row in rows] for rows in found] == [
            ["deposit #1"]
        ] * 3

    def test_narrowed_by_a_link_says_to_what_and_how_to_widen_it(self, client, tenant, household):
        with acting_for(tenant):
            Movement.objects.deposit(BudgetFactory(name="Other"), 1_00)

        chosen = {"tenant": tenant.slug, "budget__id__exact": str(household.pk)}
        html = read(client, list_of(Movement), **chosen)

        assert "By budget All Household" in text(html)
        assert len(rows_of(html)) == 1
        assert len(rows_of(read(client, list_of(Movement), tenant=tenant.slug))) == 2
        assert "By budget" not in text(read(client, list_of(Movement)))

    @pytest.mark.parametrize(
        ("chosen", "answer"), [("no-id", 302), ("00000000-0000-0000-0000-000000000000", 200)]
    )
    def test_narrowed_to_nothing_that_is_there_shows_nothing(
        self, client, household, chosen, answer
    ):
        found = client.get(list_of(Movement), {"budget__id__exact": chosen})

        assert found.status_code == answer
        assert rows_of(found.content.decode()) == []

    def test_names_who_did_it(self, client, tenant, household):
        version = find(tenant, BucketVersion, bucket__name="Fun", version=2)
        with acting_for(tenant):
            actor = User.objects.get(pk=version.actor_id)

        html = read(client, page_of(version))

        assert f'<a href="{page_of(actor)}">{actor.email}</a>' in html
        assert actor.password not in html

    def test_shows_entries_only_to_those_who_may_view_them(self, tenant, household):
        movement = find(tenant, Movement, key="pay-june")

        html = read(browser(staff(Movement)), page_of(movement))

        assert "Salary of June" in html
        assert "€300.00" not in html


def test_tables_ask_as_often_for_many_rows_as_for_few(client, tenant, household):
    movement = find(tenant, Movement, key="pay-june")
    with acting_for(tenant):
        rent = household.buckets.get(name="Rent")
    pages = [page_of(row) for row in (household, rent, movement)]

    def counts() -> list[int]:
        return [count(client, page) for page in pages]

    few = counts()
    with acting_for(tenant, actor=UserFactory()):
        for _ in range(5):
            bucket = BucketFactory(budget=household)
            Bucket.objects.lock(Bucket.objects.unlock(Bucket.objects.lock(bucket)))
            Movement.objects.deposit(household, 100_00)

    assert counts() == few
    assert max(few) <= 12


class TestRedistributed:
    def test_a_budgets_page_tells_what_and_when_last(self, client, tenant, household):
        assert "redistributed: -" in text(read(client, page_of(household))).lower()
        with acting_for(tenant):
            trip = Bucket.objects.get(name="Trip")
            day = datetime(2026, 6, 30, 12, tzinfo=UTC)
            Movement.objects.redistribute_to(trip, 20_00, effective_at=day)

        shown = text(read(client, page_of(household)))

        assert "€20.00, last on 2026-06-30" in shown


class TestSchedules:
    def test_show_what_they_said_before_and_why_it_was_changed(self, client, tenant, household):
        with acting_for(tenant, actor=UserFactory(first_name="Boss")):
            schedule = pay_day(Budget.objects.get())
            Schedule.objects.edit(schedule, amount=1_20, memo="pay rise")

        rows = table_of(read(client, page_of(schedule)), "Earlier terms")

        assert len(rows) == 1
        assert all(each in rows[0] for each in ("edit", "€1.00", "pay rise"))
        [version] = rows_of(read(client, list_of(ScheduleVersion), tenant=tenant.slug))
        assert version.startswith("Salary until ")

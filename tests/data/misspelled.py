"""What mypy has to report, and nothing besides: each mark is the code of the error on its line.

Read by tests/test_managers.py, and never run.
"""

from typing import Self
from uuid import UUID

from budgets.cascade import Claim
from budgets.managers import BucketManager, MovementManager
from budgets.managers.entries import EntryQuerySet
from budgets.models import Bucket, Budget, Entry, Movement, Schedule, Statement
from examples.forms.models import Form
from examples.shop.models import Product
from tenants.models import Membership, Tenant, User


def managers(budget: Budget, bucket: Bucket, user: User) -> None:
    Budget.objects.open()
    Budget.objects.opened()  # attr-defined
    Budget.objects.create_budget("Home", curency="EUR")  # call-arg
    Budget.objects.create_budget("Home", 978)  # arg-type
    Movement.objects.deposit(budget, 1, memo="wages")
    Movement.objects.deposit(budget, 1, meno="wages")  # call-arg
    Movement.objects.deposit(bucket, 1)  # arg-type
    Movement.objects.reverse(budget)  # call-arg
    print(Bucket.objects.get_by_name(budget, "Rent").archived)  # attr-defined
    Membership.objects.joined(user, "owner")  # attr-defined
    Tenant.objects.create_tennant("acme")  # attr-defined
    User.objects.active().by_mail("a@example.com")  # attr-defined
    Product.objects.tkae(Product(), 1)  # attr-defined


def querysets(budget: Budget, form: Form) -> None:
    Budget.objects.filter(name="Home").open().by_name()
    Budget.objects.filter(name="Home").opened()  # attr-defined
    Budget.objects.filter(nmae="Home")  # misc
    Budget.objects.open().by_nmae()  # attr-defined
    Form.all_objects.live().restored()  # attr-defined
    print(Form.all_objects.get(pk=form.pk).titel)  # attr-defined
    print(Entry.objects.in_order().first().bucket)  # union-attr


def relations(budget: Budget, statement: Statement, schedule: Schedule, entry: Entry) -> UUID:
    budget.buckets.envelopes().in_order()
    budget.buckets.envelops()  # attr-defined
    budget.movements.filter(seq=1).cascadet()  # attr-defined
    budget.movements.withdraw(budget, 1)  # arg-type
    statement.lines.neww()  # attr-defined
    statement.budget.movements.reverse_may(budget, [])  # attr-defined
    schedule.runs.recorded(schedule, [])  # attr-defined
    print(entry.bucket.budget.bucket)  # attr-defined
    return entry.movement.budget  # return-value


class Movements(MovementManager):
    def twice(self, budget: Budget) -> Movement:
        self._answer(budget.pk)
        self._anwser(budget.pk)  # attr-defined
        self.cascadet()  # attr-defined
        return self.deposit(budget, amout=1)  # call-arg


class Buckets(BucketManager):
    def fill(self, budget: Budget) -> None:
        self.create_bucket(budget, "Rent", filter=Claim(flat=1), holt=None)  # call-arg
        print(self.money().balanced)  # attr-defined


class Entries(EntryQuerySet):
    def of(self, bucket: Bucket) -> Self:
        return self.filter(bucket=bucket).in_ordre()  # attr-defined

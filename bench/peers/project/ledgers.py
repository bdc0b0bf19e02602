"""Deposits with the models of the package: each function prepares and returns the deposit."""

from itertools import count
from uuid import uuid4

from django.conf import settings
from django.db import transaction

AMOUNT = 1_234_57
ENVELOPES = 10


def hordak(*, bulk):
    """A transaction of hordak: one credit and ten debits."""
    from hordak.models import Account, Leg, Transaction
    from moneyed import Money

    numbers = count(1)

    def account(kind):
        number = str(next(numbers) + (5000 if bulk else 0))
        return Account.objects.create(name=number, type=kind, currencies=["EUR"], code=number)

    income, targets = account("IN"), [account("AS") for _ in range(ENVELOPES)]

    def deposit():
        with transaction.atomic():
            made = Transaction.objects.create(description=uuid4().hex)
            whole = Money(AMOUNT * ENVELOPES / 100, "EUR")
            legs = [Leg(transaction=made, account=income, credit=whole)]
            legs += [
                Leg(transaction=made, account=each, debit=Money(AMOUNT / 100, "EUR"))
                for each in targets
            ]
            if bulk:
                Leg.objects.bulk_create(legs)
                return
            for leg in legs:
                leg.save()

    return deposit


def envelopes(tenant):
    """A deposit with plain models and bulk statements, in the context of a tenant."""
    from envelopes.models import Bucket, Budget, Entry, Movement

    own = {"tenant_id": tenant.pk} if settings.PEER == "rls" else {}
    with transaction.atomic(), context(tenant):
        budget = Budget.objects.create(name="Budget", **own)
        for priority in range(ENVELOPES + 1):
            Bucket.objects.create(budget=budget, priority=priority, **own)

    def deposit():
        with transaction.atomic(), context(tenant):
            locked = Budget.objects.select_for_update(no_key=True).get(pk=budget.pk)
            locked.last_seq += 1
            locked.save(update_fields=["last_seq"])
            movement = Movement.objects.create(
                budget=locked, seq=locked.last_seq, amount=AMOUNT, key=uuid4().hex, **own
            )
            left, entries, buckets = AMOUNT, [], []
            for bucket in Bucket.objects.filter(budget=locked).order_by("priority"):
                last = bucket.priority == ENVELOPES
                kept = left if last else left * bucket.share // 1_000_000
                left -= kept
                before, bucket.balance = bucket.balance, bucket.balance + kept
                buckets.append(bucket)
                entries.append(
                    Entry(movement=movement, bucket=bucket, amount=kept, balance_before=before,
                          balance_after=bucket.balance, **own)
                )  # fmt: skip
            Bucket.objects.bulk_update(buckets, ["balance"])
            Entry.objects.bulk_create(entries)

    return deposit


def context(tenant):
    """The package's context manager for a tenant."""
    if settings.PEER == "rls":
        from django_rls_tenants import tenant_context

        return tenant_context(tenant.pk)
    from django_tenants.utils import tenant_context

    return tenant_context(tenant)


def new_tenant(number):
    """A new tenant, as the package makes one."""
    from customers.models import Customer

    if settings.PEER == "rls":
        return Customer.objects.create(name=f"Tenant {number}")
    from customers.models import Domain

    tenant = Customer(schema_name=f"tenant_{number}", name=f"Tenant {number}")
    tenant.save(verbosity=0)
    Domain.objects.create(domain=f"tenant-{number}.example", tenant=tenant, is_primary=True)
    return tenant

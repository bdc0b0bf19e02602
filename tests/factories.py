"""Rows for tests, made by the same verbs as everybody's. Money is in minor units."""

from typing import Any

import factory

from budgets.cascade import Claim
from budgets.models import Bucket, Budget
from tenants.models import Membership, Tenant, User


class TenantFactory(factory.django.DjangoModelFactory[Tenant]):
    class Meta:
        model = Tenant

    slug = factory.Faker("uuid4")
    name = factory.Sequence("Tenant {}".format)

    @classmethod
    def _create(cls, model_class: type[Tenant], *args: Any, **kwargs: Any) -> Tenant:
        return model_class.objects.create_tenant(**kwargs)


class UserFactory(factory.django.DjangoModelFactory[User]):
    class Meta:
        model = User

    email = factory.LazyFunction(lambda: f"{factory.Faker._get_faker().uuid4()}@example.com")

    @classmethod
    def _create(cls, model_class: type[User], *args: Any, **kwargs: Any) -> User:
        return model_class.objects.create_user(**kwargs)


class MembershipFactory(factory.django.DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    role = "owner"


class BudgetFactory(factory.django.DjangoModelFactory[Budget]):
    class Meta:
        model = Budget

    name = factory.Sequence("Budget {}".format)
    currency = "EUR"

    @classmethod
    def _create(cls, model_class: type[Budget], *args: Any, **kwargs: Any) -> Budget:
        return model_class.objects.create_budget(**kwargs)


class BucketFactory(factory.django.DjangoModelFactory[Bucket]):
    class Meta:
        model = Bucket

    budget = factory.SubFactory(BudgetFactory)
    name = factory.Sequence("Bucket {}".format)
    filter = Claim(flat=100_00)

    @classmethod
    def _create(cls, model_class: type[Bucket], *args: Any, **kwargs: Any) -> Bucket:
        return model_class.objects.create_bucket(**kwargs)

"""What another system calls a tenant: one tenant has it, and it is found before any block."""

import pytest
from django.db import connection

from tenants.context import acting_for
from tenants.errors import NotAllowed, TenantViolation, UnknownTenant, ValueRefused
from tenants.models import Tenant, TenantExternalId
from tenants.refusals import ExternalIdTaken
from tests.command_line import manage
from tests.threads import at_once


def find(external_id):
    return Tenant.objects.id_of_external_id(external_id)


def test_finds_the_tenant_that_was_founded_with_it(committed, unique):
    tenant = Tenant.objects.create_tenant(unique, external_id=f"org_{unique}")

    assert find(f"org_{unique}") == tenant.pk
    with acting_for(tenant):
        assert Tenant.objects.get().external_id == f"org_{unique}"


def test_can_be_given_changed_and_taken_away(tenant, unique):
    for said in (f"{unique}-1", f"{unique}-1", f"{unique}-2"):
        with acting_for(tenant):
            assert Tenant.objects.set_external_id(said).external_id == said
        assert find(said) == tenant.pk
    with pytest.raises(UnknownTenant):
        find(f"{unique}-1")

    with acting_for(tenant):
        Tenant.objects.set_external_id("")

    with pytest.raises(UnknownTenant):
        find(f"{unique}-2")
    with acting_for(tenant):
        assert not TenantExternalId.objects.exists()


def test_of_another_tenant_is_refused_and_the_block_goes_on(tenant, other, unique):
    with acting_for(other):
        Tenant.objects.set_external_id(unique)
    with acting_for(tenant):
        Tenant.objects.set_external_id(f"{unique}-mine")

        with pytest.raises(ExternalIdTaken, match=unique) as caught:
            Tenant.objects.set_external_id(unique)

        assert Tenant.objects.get().external_id == f"{unique}-mine"
    assert caught.value.code == "external_id_taken"
    assert (find(unique), find(f"{unique}-mine")) == (other.pk, tenant.pk)
    with pytest.raises(ExternalIdTaken):
        Tenant.objects.create_tenant(f"{unique}-third", external_id=unique)
    with pytest.raises(UnknownTenant):
        Tenant.objects.id_of(f"{unique}-third")


def test_of_two_who_want_it_at_once_one_gets_it(tenant, other, unique):
    def take(each):
        with acting_for(each):
            Tenant.objects.set_external_id(unique)
        return each.pk

    answers = at_once(lambda: take(tenant), lambda: take(other))

    [winner] = [answer for answer in answers if not isinstance(answer, Exception)]
    [loser] = [answer for answer in answers if isinstance(answer, Exception)]
    assert isinstance(loser, ExternalIdTaken)
    assert find(unique) == winner


def test_is_told_apart_by_case(tenant, unique):
    with acting_for(tenant):
        Tenant.objects.set_external_id(unique.upper())

    with pytest.raises(UnknownTenant):
        find(unique.lower())


@pytest.mark.parametrize("said", ["x" * 256, "a\0b"], ids=["too long", "no text"])
def test_that_is_none_is_refused(tenant, said):
    with acting_for(tenant), pytest.raises(ValueRefused):
        Tenant.objects.set_external_id(said)


@pytest.mark.parametrize("said", ["", "nobody", "a\0b"])
def test_that_nobody_has_finds_no_tenant(committed, said):
    with pytest.raises((UnknownTenant, ValueRefused)):
        find(said)


def test_is_no_matter_of_members(tenant, unique):
    with pytest.raises(NotAllowed), acting_for(tenant, role="owner"):
        Tenant.objects.set_external_id(unique)


def test_of_others_is_neither_seen_nor_written(tenant, other, unique):
    with acting_for(other):
        Tenant.objects.set_external_id(unique)

    with acting_for(tenant):
        assert not TenantExternalId.objects.exists()
        TenantExternalId.objects.all().delete()
    assert find(unique) == other.pk
    with acting_for(tenant), pytest.raises(TenantViolation), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tenants_tenantexternalid VALUES ('x', %s, now(), now())", [other.pk]
        )


class TestTheCommand:
    def test_founds_a_tenant_with_one(self, committed, unique):
        said = manage("tenant", "create", unique, "--external-id", f"org_{unique}", "--json").json

        assert said["external_id"] == f"org_{unique}"
        assert str(find(f"org_{unique}")) == said["id"]

    def test_gives_one_and_takes_it_away(self, tenant, unique):
        said = manage("tenant", "external-id", tenant.slug, unique, "--json").json
        gone = manage("tenant", "external-id", tenant.slug, "", "--json").json

        assert (said["external_id"], gone["external_id"]) == (unique, None)

    def test_refuses_in_one_line(self, tenant, other, unique):
        manage("tenant", "external-id", other.slug, unique)

        manage("tenant", "external-id", tenant.slug, unique).assert_refused(
            "external_id_taken", unique
        )
        manage("tenant", "external-id", tenant.slug, "x" * 256).assert_refused("value_refused")

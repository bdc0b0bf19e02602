"""Soft deletion where rows point at rows of their own kind, or at two rows at once."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db import models
from django.test.utils import isolate_apps
from django.utils import timezone

from tenants.errors import ForeignKeyBroken
from tenants.models import SoftDeleteModel, Tenant
from tenants.postgres.base import as_owner
from tenants.postgres.errors import ParentDeleted
from tenants.schema.fields import TenantForeignKey
from tests.tenants.model_cases import refused


@pytest.fixture(scope="module")
def kinds(django_db_setup, django_db_blocker):
    """Two throw-away models, with their tables: nodes of a tree, and pins on them."""
    with isolate_apps("tenants") as isolated, django_db_blocker.unblock():
        assert isolated is not None
        isolated.register_model("tenants", Tenant)

        class Node(SoftDeleteModel):
            parent = TenantForeignKey("self", models.CASCADE, null=True, related_name="children")

            class Meta:
                app_label = "tenants"

        class Pin(SoftDeleteModel):
            tree = TenantForeignKey(Node, models.CASCADE, related_name="pins")
            node = TenantForeignKey(Node, models.RESTRICT, related_name="pinned")

            class Meta:
                app_label = "tenants"

        with as_owner() as owner, owner.schema_editor() as editor:
            editor.create_model(Node)
            editor.create_model(Pin)
        yield Node, Pin
        with as_owner() as owner, owner.schema_editor() as editor:
            editor.delete_model(Pin)
            editor.delete_model(Node)
    apps.clear_cache()


@pytest.fixture
def node(kinds, acting):
    return kinds[0]


@pytest.fixture
def pin(kinds, acting):
    return kinds[1]


def branch(node, depth):
    """A root and what is below it, one under the other."""
    rows = [node.objects.create()]
    for _ in range(depth - 1):
        rows.append(node.objects.create(parent=rows[-1]))
    return rows


def later():
    return timezone.now() + timedelta(days=1)


class TestATree:
    def test_goes_and_comes_back_as_a_whole(self, node):
        root, *_ = branch(node, 4)

        assert root.delete() == (4, {"tenants.Node": 4})
        assert not node.objects.exists()
        assert root.restore() == (4, {"tenants.Node": 4})
        assert root.children.count() == 1

    def test_goes_from_any_node_down(self, node):
        root, middle, leaf = branch(node, 3)

        assert middle.delete()[0] == 2
        assert list(node.objects.all()) == [root]
        assert node.all_objects.get(pk=leaf.pk).deleted_at == middle.deleted_at

    def test_that_is_a_circle_goes_and_comes_back_once(self, node):
        one, two = branch(node, 2)
        one.parent = two
        one.save()

        assert one.delete()[0] == 2
        assert two.restore()[0] == 2

    def test_is_purged_from_its_leaves(self, node):
        root, *_ = branch(node, 3)
        root.delete()

        gone = [node.all_objects.purge(later(), batch=10) for _ in range(4)]

        assert gone == [1, 1, 1, 0]

    def test_keeps_what_a_leaf_that_stays_is_under(self, node):
        root, _, leaf = branch(node, 3)
        root.delete()
        node.all_objects.filter(pk=leaf.pk).update(deleted_at=later() + timedelta(days=1))

        assert node.all_objects.purge(later(), batch=10) == 0
        assert node.all_objects.count() == 3

    def test_comes_back_from_its_root_only(self, node):
        root, middle, leaf = branch(node, 3)
        leaf.delete()
        root.delete()

        for row in (middle, leaf):
            with refused(ParentDeleted) as caught:
                row.restore()
            assert caught.value.constraint == "tenants_node_parent_live"

        assert root.restore()[0] == 2
        assert leaf.restore()[0] == 1

    def test_comes_back_at_once_whatever_went_when(self, node):
        root, *_, leaf = branch(node, 4)
        leaf.delete()
        root.delete()

        assert node.all_objects.all().restore() == (4, {"tenants.Node": 4})

    def test_comes_back_with_rows_of_two_models_between_which_it_lies(self, node, pin):
        root, leaf = branch(node, 2)
        pinned = pin.objects.create(tree=leaf, node=root)
        root.delete()

        assert root.restore() == (3, {"tenants.Node": 2, "tenants.Pin": 1})
        assert pin.objects.get() == pinned


class TestRESTRICT:
    def test_refuses_while_a_live_row_points_at_it(self, node, pin):
        here, there = node.objects.create(), node.objects.create()
        pinned = pin.objects.create(tree=there, node=here)

        with refused(ForeignKeyBroken, "tenants_pin_node_same_tenant", ("node",)):
            here.delete()
        pinned.delete()

        assert here.delete()[0] == 1

    def test_lets_go_what_takes_that_row_along(self, node, pin):
        here = node.objects.create()
        pin.objects.create(tree=here, node=here)

        assert here.delete() == (2, {"tenants.Node": 1, "tenants.Pin": 1})

"""Dumps leave secrets out, and what is loaded from one works without them."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.checks import Error
from django.db import models
from django.test.utils import isolate_apps
from django.utils import timezone

from budgets.jobs import audit
from budgets.models import Movement
from tenants.checks.isolation import faults_of
from tenants.context import acting_for
from tenants.models import Change, Invitation, Tenant, TenantModel, User, UserSession
from tenants.refusals import InvitationInvalid
from tenants.schema.fields import is_never_dumped, left_out, not_secret, secret, secrets_of
from tests.command_line import Ran, manage
from tests.factories import BudgetFactory, MembershipFactory, TenantFactory, UserFactory

FORMATS = ["json", "jsonl", "yaml"]
NEW = f"{uuid4()}@example.com"
"""The address of the invited person."""


def test_the_secrets_are_these():
    found = {
        model._meta.label: secrets_of(model) for model in apps.get_models() if secrets_of(model)
    }

    assert found == {
        "tenants.User": ["password"],
        "tenants.Invitation": ["token_hash"],
        "tenants.UserSession": ["session_key", "session_data"],
    }
    assert (left_out(User), left_out(Invitation)) == ([], ["token_hash"])
    assert [is_never_dumped(each) for each in (User, Invitation, UserSession)] == [
        False,
        False,
        True,
    ]


class TestAFieldThatCouldBeSecret:
    @pytest.mark.parametrize("name", ["hash", "token", "api_token", "password_old", "secret_key"])
    @pytest.mark.parametrize("declare", [secret, not_secret, None])
    def test_says_whether_it_is(self, name, declare):
        field = models.CharField(max_length=9)

        with isolate_apps("tenants"):
            meta = type("Meta", (), {"app_label": "tenants"})
            body = {
                "__module__": __name__,
                "Meta": meta,
                name: declare(field) if declare else field,
            }
            found = list(faults_of(type("Note", (TenantModel,), body)))

        said = [fault for fault in found if fault.id == "tenants.E028"]
        assert (said == []) == (declare is not None)
        assert all(isinstance(each, Error) and f"Note.{name}" in each.msg for each in said)

    def test_of_ours_all_do(self):
        faults = [fault for model in apps.get_models() for fault in faults_of(model)]

        assert [fault.msg for fault in faults if fault.id == "tenants.E028"] == []

    def test_is_not_in_the_history_if_it_is(self):
        with isolate_apps("tenants"):
            meta = type("Meta", (), {"app_label": "tenants"})
            code = secret(models.CharField(max_length=9, null=True))
            body = {"__module__": __name__, "Meta": meta, "code": code}
            note: Any = type("Note", (TenantModel,), body)

        [trigger] = [each for each in note._meta.constraints if each.name.endswith("_history")]
        assert trigger.args[1] == "updated_at,code"


def newcomer() -> User:
    """The user with that address, whom an earlier test may have left."""
    user: User = User.all_objects.filter(email=NEW).first() or UserFactory(email=NEW)
    return user


@pytest.fixture
def invited(tenant: Tenant) -> tuple[Tenant, str]:
    """A tenant with an open and an accepted invitation; the open one's token."""
    with acting_for(tenant):
        MembershipFactory(role="owner")
        _, token = Invitation.objects.invite(NEW, "editor")
        Invitation.objects.create(
            email="old@example.com",
            role="viewer",
            token_hash="f" * 64,
            expires_at=timezone.now() + timedelta(days=1),
            accepted_at=timezone.now(),
        )
        Movement.objects.deposit(BudgetFactory(), 5_00)
    return tenant, token


def hashes(tenant: Tenant) -> list[Any]:
    with acting_for(tenant):
        return list(Invitation.objects.order_by("pk").values_list("token_hash", flat=True))


def dump(tenant: Tenant, tmp_path: Path, form: str = "json") -> Path:
    file = tmp_path / f"dump.{form}"
    ran = manage("dumpdata", "--tenant", tenant.slug, "--format", form, "-o", file)
    assert (ran.code, ran.err) == (0, "")
    return file


def load(tenant: Tenant, file: Path) -> Ran:
    return manage("loaddata", "--tenant", tenant.slug, file)


class TestADumpOfATenant:
    @pytest.mark.parametrize("form", FORMATS)
    def test_has_no_secret_in_it(self, invited, tmp_path, form):
        tenant, token = invited

        text = dump(tenant, tmp_path, form).read_text()

        assert NEW in text
        assert "token_hash" not in text
        assert not [each for each in (token, *hashes(tenant)) if each in text]

    def test_asked_for_invitations_alone_has_none_either(self, invited):
        ran = manage("dumpdata", "--tenant", invited[0].slug, "tenants.Invitation")

        assert len(ran.json) == 2
        assert all("token_hash" not in row["fields"] for row in ran.json)

    @pytest.mark.parametrize("form", FORMATS)
    def test_goes_out_and_in_and_is_audited(self, invited, tmp_path, form):
        tenant, _ = invited
        copy = TenantFactory()

        ran = load(copy, dump(tenant, tmp_path, form))

        assert (ran.code, ran.err) == (0, "")
        assert "2 tenants.Invitation without token_hash, which no dump has" in ran.out
        assert list(audit.breaks_of(copy)) == []
        assert hashes(copy) == [None, None]
        again = manage("dumpdata", "--tenant", copy.slug, "--format", form).out
        assert again.split() == (tmp_path / f"dump.{form}").read_text().split()

    def test_loaded_where_it_is_from_has_nothing_to_do(self, invited, tmp_path):
        tenant, token = invited
        before = hashes(tenant)

        ran = load(tenant, dump(tenant, tmp_path))

        assert (ran.code, "Nothing to do" in ran.out, "token_hash" in ran.out) == (0, True, False)
        assert hashes(tenant) == before
        user = newcomer()
        assert Invitation.objects.accept(token, user).role == "editor"

    def test_of_before_with_its_hashes_is_loaded_as_it_is(self, invited, tmp_path):
        tenant, _ = invited
        file = dump(tenant, tmp_path)
        rows = json.loads(file.read_text())
        for row in rows:
            if row["model"] == "tenants.invitation":
                row["fields"]["token_hash"] = row["pk"].replace("-", "")
        file.write_text(json.dumps(rows))
        copy = TenantFactory()

        ran = load(copy, file)

        assert (ran.code, "token_hash" in ran.out) == (0, False)
        assert all(hashes(copy))


class TestAnInvitationFromADump:
    @pytest.fixture
    def loaded(self, invited, tmp_path) -> tuple[Tenant, str]:
        tenant, token = invited
        copy = TenantFactory()
        assert load(copy, dump(tenant, tmp_path)).code == 0
        with acting_for(tenant):
            Invitation.objects.filter(accepted_at=None).delete()
        return copy, token

    @pytest.fixture
    def guest(self) -> User:
        """The invited person."""
        return newcomer()

    def test_is_not_accepted_by_its_old_token_or_by_none(self, loaded, guest):
        for token in (loaded[1], "", "None"):
            with pytest.raises(InvitationInvalid):
                Invitation.objects.accept(token, guest)

        with acting_for(loaded[0]):
            assert Invitation.objects.open().get().token_hash is None

    def test_is_accepted_by_a_new_one(self, loaded, guest):
        copy, old = loaded
        with acting_for(copy, role="owner"):
            token = Invitation.objects.reissue(Invitation.objects.open().get())

        with pytest.raises(InvitationInvalid):
            Invitation.objects.accept(old, guest)
        membership = Invitation.objects.accept(token, guest)

        assert (membership.tenant_id, membership.role) == (copy.pk, "editor")

    def test_leaves_no_hash_of_the_new_one_in_the_history(self, loaded):
        copy, _ = loaded
        with acting_for(copy):
            invitation = Invitation.objects.open().get()
            Invitation.objects.reissue(invitation)

            changes = list(Change.objects.of(Invitation, invitation.pk))

        assert changes
        assert not [each for each in changes if "token_hash" in {*(each.after or {})}]


class TestADumpOfGlobalRows:
    def test_of_sessions_is_refused(self, committed):
        for label in ("tenants.UserSession", "tenants.usersession"):
            ran = manage("dumpdata", "auth", label)

            ran.assert_refused("bad_fixture", "tenants.UserSession is never dumped")

    def test_leaves_sessions_out(self, committed):
        UserSession.objects.create(
            session_key="k" * 32, session_data="d" * 32, expire_date=timezone.now()
        )
        others = [
            word
            for model in apps.get_models()
            if model not in (User, UserSession)
            for word in ("-e", model._meta.label)
        ]

        ran = manage("dumpdata", *others)

        assert "k" * 32 not in ran.out
        assert {row["model"] for row in ran.json} <= {"tenants.user"}

    def test_of_users_keeps_how_they_log_in(self, committed, unique):
        user = User.objects.create_user(f"{unique}@example.com", "a secret of mine")

        [row] = manage("dumpdata", "tenants.User", "--pks", user.pk).json

        assert row["fields"]["password"] == User.objects.with_hash().get(pk=user.pk).password


def test_the_help_says_what_is_left_out():
    text = " ".join(manage("dumpdata", "--help").out.split())

    assert "Secrets are left out: the hashes of invitations' tokens" in text
    assert "tenants.User, without --tenant, is dumped with the hashes of passwords" in text

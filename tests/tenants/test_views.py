"""Views of one tenant: found by the session's membership, run in its block, refused as JSON."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync
from django.tasks import TaskResultStatus
from django.test import AsyncClient, Client, override_settings
from django.utils import timezone

from budgets.models import Bucket, Budget
from tenants import views
from tenants.context import acting_for, run_for, tenancy
from tenants.errors import Conflict, QueryFailed, UnknownTenant
from tenants.models import Change, Invitation, Membership, Tenant, TenantSettings, UserSession
from tests.browser import UNCOLLECTED
from tests.factories import BudgetFactory, MembershipFactory, UserFactory
from tests.tenants import example
from tests.threads import in_thread

pytestmark = [UNCOLLECTED, pytest.mark.usefixtures("routes")]


@pytest.fixture
def routes(committed):
    with override_settings(ROOT_URLCONF="tests.tenants.example"):
        yield


@pytest.fixture
def user(committed):
    return UserFactory()


def joined(tenant, user, role="owner"):
    with acting_for(tenant):
        return MembershipFactory(user=user, role=role)


class Browser:
    """A client, synchronous or not, by one name for both."""

    def __init__(self, user=None, *, asynchronous=False):
        self.client = AsyncClient() if asynchronous else Client()
        if user is not None:
            self.client.force_login(user)
        self.asynchronous = asynchronous

    def ask(self, address, data=None, **headers):
        method: Any = self.client.get if data is None else self.client.post
        call = async_to_sync(method) if self.asynchronous else method
        return call(address, data, headers=headers)


BOTH = pytest.mark.parametrize(
    ("address", "asynchronous"),
    [
        ("/settings", False),
        ("/async-settings", False),
        ("/settings", True),
        ("/async-settings", True),
    ],
    ids=["sync view", "async view", "sync view in ASGI", "async view in ASGI"],
)


@BOTH
class TestBothKinds:
    @pytest.fixture
    def browse(self, asynchronous):
        return lambda user=None: Browser(user, asynchronous=asynchronous)

    def test_act_for_the_users_only_tenant_in_their_name(self, address, browse, tenant, user):
        joined(tenant, user)

        answer = browse(user).ask(address, {"locale": "de"}, **{"x-request-id": "abc-1"})

        assert (answer.status_code, answer.json()["locale"]) == (200, "de")
        assert answer.headers["X-Request-ID"] == "abc-1"
        with acting_for(tenant):
            settings = TenantSettings.objects.get()
            change = Change.objects.of(TenantSettings, settings.pk).latest("pk")
        assert (settings.values.locale, settings.version) == ("de", 1)
        assert (change.actor_id, change.request_id) == (user.pk, "abc-1")

    def test_refuse_nobody_with_401(self, address, browse):
        answer = browse().ask(address)

        assert (answer.status_code, answer.json()["code"]) == (401, "not_logged_in")

    def test_refuse_who_is_no_member_with_403(self, address, browse, tenant, user):
        answer = browse(user).ask(address)

        assert (answer.status_code, answer.json()["code"]) == (403, "no_membership")

    @pytest.mark.parametrize("role", ["viewer", "editor"])
    def test_refuse_a_role_that_may_not_with_403(self, address, browse, tenant, user, role):
        joined(tenant, user, role)
        browser = browse(user)

        answers = [browser.ask(address), browser.ask(address, {"locale": "de"})]

        assert [each.status_code for each in answers] == [200, 403]
        assert answers[1].json()["code"] == "not_allowed"
        with acting_for(tenant):
            assert not TenantSettings.objects.exists()

    def test_refuse_bad_input_with_400_and_keep_nothing(self, address, browse, tenant, user):
        joined(tenant, user)

        answer = browse(user).ask(address, {"locale": "Deutsch"})

        assert (answer.status_code, answer.json()["code"]) == (400, "bad_document")
        assert "locale" in answer.json()["message"]

    def test_refuse_too_much_with_429_and_when_to_come_back(self, address, browse, tenant, user):
        joined(tenant, user)
        browser = browse(user)

        with override_settings(TENANT_LIMITS={"views": (2, 3600)}):
            answers = [browser.ask(address) for _ in range(3)]

        assert [each.status_code for each in answers] == [200, 200, 429]
        assert answers[2].json()["code"] == "rate_limited"
        assert 0 < int(answers[2].headers["Retry-After"]) <= 3600

    def test_see_a_suspended_tenant_and_cannot_change_it(self, address, browse, tenant, user):
        joined(tenant, user)
        Tenant.objects.suspend(tenant)
        browser = browse(user)

        answers = [browser.ask(address), browser.ask(address, {"locale": "de"})]

        assert [each.status_code for each in answers] == [200, 403]
        assert answers[1].json()["code"] == "tenant_suspended"

    def test_are_run_again_after_a_conflict(self, address, browse, tenant, user, monkeypatch):
        joined(tenant, user)
        manager, tries = type(TenantSettings.objects), []
        current = manager.current

        def conflicting(self):
            tries.append(1)
            if len(tries) < 3:
                raise Conflict
            return current(self)

        monkeypatch.setattr(manager, "current", conflicting)

        assert browse(user).ask(address).status_code == 200
        assert len(tries) == 3


GOOD = {"name": "Home", "currency": "EUR", "exponent": 2}
PROBLEMS = [
    ({"name": "hOME"}, 409, "unique_broken", ["name"]),
    ({"owner_id": str(uuid4())}, 409, "foreign_key_broken", ["owner"]),
    ({"currency": "eur"}, 400, "check_broken", ["currency"]),
    ({"exponent": None}, 400, "not_null_broken", ["exponent"]),
    ({"exponent": 10**9}, 400, "value_refused", ["exponent"]),
    ({"last_movement_seq": 2**63}, 400, "value_refused", ["last_movement_seq"]),
    ({"exponent": 1e400}, 400, "value_refused", ["exponent"]),
    ({"exponent": "two"}, 400, "value_refused", ["exponent"]),
    ({"owner_id": "nobody"}, 400, "value_refused", ["owner"]),
    ({"name": "x" * 256}, 400, "value_refused", ["name"]),
    ({"name": "a\0b"}, 400, "value_refused", ["name"]),
]


class TestProblems:
    @pytest.mark.parametrize("address", ["/budgets", "/async-budgets"])
    @pytest.mark.parametrize(
        ("values", "status", "code", "fields"), PROBLEMS, ids=range(len(PROBLEMS))
    )
    def test_what_breaks_a_rule_is_answered_with_code_and_fields(
        self, tenant, user, address, values, status, code, fields
    ):
        joined(tenant, user)
        with acting_for(tenant):
            BudgetFactory(name="Home")

        answer = Browser(user).ask(address, {"values": json.dumps({**GOOD, "name": "A"} | values)})

        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert (answer.status_code, problem["status"]) == (status, status)
        assert (problem["code"], problem["fields"]) == (code, fields)
        assert problem["type"] == f"urn:problem-type:{code}"
        assert problem["title"]
        assert problem["detail"] == problem["message"] != problem["title"]
        with acting_for(tenant):
            assert Budget.objects.count() == 1

    def test_so_is_what_is_found_only_at_commit(self, tenant, user):
        joined(tenant, user)
        with acting_for(tenant):
            BudgetFactory()

        answer = Browser(user).ask("/unbalance")

        assert (answer.status_code, answer.json()["code"]) == (400, "check_broken")
        with acting_for(tenant):
            assert Bucket.objects.get().balance == 0

    def test_has_the_members_of_rfc_9457_for_every_refusal(self, tenant, user):
        joined(tenant, user, "viewer")

        answer = Browser(user).ask("/settings", {"locale": "de"})

        said = "the role viewer may not use settings.change"
        assert answer.json() == {
            "type": "urn:problem-type:not_allowed",
            "title": "The member's role does not have the privilege.",
            "status": 403,
            "detail": said,
            "code": "not_allowed",
            "fields": [],
            "message": said,
        }
        assert Browser().ask("/settings").headers["Content-Type"] == "application/problem+json"

    def test_a_document_names_its_field(self, tenant, user):
        joined(tenant, user)

        assert Browser(user).ask("/settings", {"locale": "De"}).json()["fields"] == ["locale"]

    def test_a_failure_of_the_store_is_none(self, tenant, user, monkeypatch):
        joined(tenant, user)
        monkeypatch.setattr(type(TenantSettings.objects), "current", raising(QueryFailed))

        with pytest.raises(QueryFailed):
            Browser(user).ask("/settings")


def raising(error):
    def method(*_: object) -> None:
        raise error

    return method


class TestChoosing:
    def test_one_of_several_is_what_the_session_remembers(self, tenant, other, user):
        joined(tenant, user)
        joined(other, user, "viewer")
        browser = Browser(user)

        undecided = browser.ask("/block")
        browser.ask(f"/choose/{other.pk}")
        chosen = browser.ask("/block").json()

        assert (undecided.status_code, undecided.json()["code"]) == (403, "tenant_not_chosen")
        assert (chosen["tenant"], chosen["role"]) == (str(other.pk), "viewer")
        assert chosen["actor"] == str(user.pk)

    def test_anothers_is_refused_and_not_remembered(self, tenant, other, user):
        joined(tenant, user)
        browser = Browser(user)

        answers = [browser.ask(f"/choose/{pk}") for pk in (other.pk, uuid4())]

        assert [each.status_code for each in answers] == [403, 403]  # by Django: PermissionDenied
        assert browser.ask("/block").json()["tenant"] == str(tenant.pk)

    def test_needs_a_log_in(self, tenant):
        assert Browser().ask(f"/choose/{tenant.pk}").status_code == 403

    def test_is_checked_at_each_request(self, tenant, other, user):
        for each in (tenant, other):
            joined(each, user)
        browser = Browser(user)
        browser.ask(f"/choose/{other.pk}")
        with acting_for(other):
            MembershipFactory(role="owner")
            Membership.objects.leave(Membership.objects.get(user=user))

        answer = browser.ask("/block")

        assert (answer.status_code, answer.json()["code"]) == (403, "no_membership")

    def test_a_role_that_changes_counts_at_once(self, tenant, user):
        member = joined(tenant, user, "viewer")
        browser = Browser(user)
        before = browser.ask("/block").json()["role"]

        with acting_for(tenant):
            Membership.objects.change_role(member, "editor")

        assert (before, browser.ask("/block").json()["role"]) == ("viewer", "editor")


def meanwhile(monkeypatch, change):
    """Between the check of a request and its block, `change` is called and committed."""
    real = run_for

    def late(*args: Any, **kwargs: Any) -> Any:
        change()
        return real(*args, **kwargs)

    monkeypatch.setattr(views, "run_for", late)


@pytest.mark.parametrize("address", ["/settings", "/async-settings"])
class TestTheRoleIsThatOfTheBlockThatWorks:
    def test_of_a_member_who_is_demoted_meanwhile(self, tenant, user, address, monkeypatch):
        member = joined(tenant, user)
        joined(tenant, UserFactory())

        def demote():
            with acting_for(tenant):
                Membership.objects.change_role(member, "viewer")

        meanwhile(monkeypatch, demote)
        answer = Browser(user).ask(address, {"locale": "de"})

        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        with acting_for(tenant):
            assert not TenantSettings.objects.exists()

    def test_of_a_member_who_is_removed_meanwhile(self, tenant, user, address, monkeypatch):
        member = joined(tenant, user)
        joined(tenant, UserFactory())

        def remove():
            with acting_for(tenant):
                if Membership.objects.of(user):
                    Membership.objects.leave(member)

        meanwhile(monkeypatch, remove)
        answer = Browser(user).ask(address, {"locale": "de"})

        assert (answer.status_code, answer.json()["code"]) == (403, "no_membership")
        with acting_for(tenant):
            assert not TenantSettings.objects.exists()

    def test_of_a_member_who_is_demoted_before_the_block_is_tried_again(
        self, tenant, user, address, monkeypatch
    ):
        member = joined(tenant, user)
        joined(tenant, UserFactory())
        manager, tries = type(TenantSettings.objects), []
        change = manager.change

        def demoted_and_conflicting(self, **values):
            tries.append(tenancy().role)
            if len(tries) == 1:
                in_thread(demote)
                raise Conflict
            return change(self, **values)

        def demote():
            with acting_for(tenant):
                Membership.objects.change_role(member, "viewer")

        monkeypatch.setattr(manager, "change", demoted_and_conflicting)

        answer = Browser(user).ask(address, {"locale": "de"})

        assert (answer.status_code, tries) == (403, ["owner", "viewer"])


class TestTheBlock:
    def test_answers_404_for_another_tenants_row(self, tenant, other, user):
        mine, theirs = joined(tenant, user), joined(other, UserFactory())
        browser = Browser(user)

        answers = [browser.ask(f"/members/{row.pk}") for row in (mine, theirs)]

        assert [each.status_code for each in answers] == [200, 404]
        assert answers[1].json()["code"] == "row_not_found"

    def test_renders_templates_inside(self, tenant, user):
        joined(tenant, user)

        assert Browser(user).ask("/page").content == b"owner "

    def test_rolls_back_what_breaks(self, tenant, user):
        joined(tenant, user)

        with pytest.raises(ZeroDivisionError):
            Browser(user).ask("/fail")

        with acting_for(tenant):
            assert not TenantSettings.objects.exists()


class TestRequestId:
    @pytest.mark.parametrize("sent", ["", "a b", "x" * 101, "<script>", "é", "a,b"])
    def test_one_that_is_not_sane_is_replaced(self, tenant, user, sent):
        joined(tenant, user)

        answer = Browser(user).ask("/block", **{"x-request-id": sent})

        given = answer.headers["X-Request-ID"]
        assert given != sent
        assert len(given) == 32
        assert answer.json()["request_id"] == given

    def test_two_requests_have_two(self, committed):
        browser = Browser()

        ids = {browser.ask("/block").headers["X-Request-ID"] for _ in range(2)}

        assert len(ids) == 2


@pytest.mark.parametrize("asynchronous", [False, True])
def test_a_request_notes_that_the_session_was_seen(tenant, user, asynchronous):
    joined(tenant, user)
    browser = Browser(user, asynchronous=asynchronous)
    long_ago = timezone.now() - timedelta(minutes=5)
    UserSession.objects.filter(user=user).update(last_seen_at=long_ago)

    browser.ask("/block")

    assert UserSession.objects.get(user=user).last_seen_at > long_ago


def test_who_has_no_session_is_not_varied_on(committed):
    assert "Cookie" not in Browser().ask("/nowhere").headers.get("Vary", "")


def test_an_example_task_works_in_its_tenants_block(tenant, other):
    for each in (tenant, other):
        with acting_for(each):
            Invitation.objects.invite("a@example.com", "viewer")
            Invitation.objects.update(expires_at=timezone.now())
            Invitation.objects.invite("b@example.com", "viewer")

    result = example.forget_invitations.enqueue(str(tenant.pk))

    assert result.return_value == 1
    counts = []
    for each in (tenant, other):
        with acting_for(each):
            counts.append(Invitation.objects.count())
    assert counts == [1, 2]


def test_a_task_for_a_tenant_there_is_not_ends_as_failed(committed):
    result = example.forget_invitations.enqueue(str(uuid4()))

    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is UnknownTenant

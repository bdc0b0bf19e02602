"""Rate limits, in memory and in a real Redis, which is killed on the way."""

import logging
import pickle
import shutil
import socket
import subprocess
import time

import pytest
from django.core.cache import cache
from django.test import override_settings

from budgets.models import Movement
from config.settings import _cache
from tenants.access import limits
from tenants.access.limits import UndeclaredVerb
from tenants.context import acting_for
from tenants.errors import NotAllowed, NoTenant
from tenants.refusals import RateLimited
from tests.factories import BudgetFactory

NOON = 1_800_000_000.0 - 1_800_000_000.0 % 60
"""The beginning of a window of a minute."""

pytestmark = pytest.mark.usefixtures("asked_anew")


@pytest.fixture
def asked_anew(monkeypatch):
    """The cache has not failed yet, and three uses a minute are declared."""
    monkeypatch.setattr(limits._Away, "until", 0.0)
    with override_settings(TENANT_LIMITS={"sing": (3, 60), "dance": (1, 60)}):
        yield


@pytest.fixture
def redis(tmp_path):
    """A Redis server of the test's own; Django's cache is in it."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: scripts/debian-packages.sh installs it in CI")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    try:
        until_it_answers(port)
        with override_settings(CACHES={"default": _cache(f"redis://127.0.0.1:{port}/0")}):
            yield server
            cache._cache.get_client().connection_pool.disconnect()  # type: ignore[attr-defined]
    finally:
        server.kill()
        server.wait()


def until_it_answers(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("redis-server did not start")


class Planted:
    """Creates a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def used(verb: str = "sing", now: float = NOON) -> None:
    limits.require(verb, now=lambda: now)


def exhaust(verb: str = "sing", now: float = NOON) -> RateLimited:
    for _ in range(3):
        used(verb, now)
    with pytest.raises(RateLimited) as caught:
        used(verb, now)
    return caught.value


class TestInMemory:
    def test_one_too_many_is_refused_and_told_when_to_come_back(self, acting):
        refused = exhaust(now=NOON + 12.4)

        assert (refused.code, refused.retry_after) == ("rate_limited", 48)

    def test_in_the_next_window_it_goes_on(self, acting):
        exhaust()

        used(now=NOON + 60)

    def test_at_the_boundary_of_two_windows_twice_as_many_pass(self, acting):
        for moment in (NOON + 59.9, NOON + 60):
            exhaust(now=moment)

    def test_at_the_end_of_a_window_one_waits_a_second(self, acting):
        assert exhaust(now=NOON + 59.9).retry_after == 1

    def test_tenants_and_verbs_are_counted_apart(self, tenant, other):
        with acting_for(tenant):
            exhaust()
            used("dance")
        with acting_for(other):
            used()

    def test_a_verb_no_table_declares_is_a_mistake(self, acting):
        with pytest.raises(UndeclaredVerb):
            limits.require("fly")

    def test_needs_a_tenant(self, committed):
        with pytest.raises(NoTenant):
            used()

    def test_a_counter_that_was_thrown_out_begins_anew(self, acting, monkeypatch):
        exhaust()
        monkeypatch.setattr(type(cache._connections["default"]), "add", lambda *_, **__: False)  # type: ignore[attr-defined]
        cache.clear()

        used()


class TestAMarkedVerb:
    def test_is_counted_by_itself_when_it_has_a_limit(self, tenant, other, settings):
        settings.TENANT_LIMITS = {"money.deposit": (2, 3600)}

        def deposit(**said):
            return Movement.objects.deposit(BudgetFactory(), 5_00, **said)

        with acting_for(tenant):
            deposit(), deposit()
            before = Movement.objects.count()
            with pytest.raises(RateLimited):
                deposit()
            assert Movement.objects.count() == before
        with acting_for(other):
            deposit()

    def test_is_not_counted_for_who_may_not_use_it(self, tenant, settings):
        settings.TENANT_LIMITS = {"money.deposit": (1, 3600)}
        with acting_for(tenant):
            budget = BudgetFactory()
        with pytest.raises(NotAllowed), acting_for(tenant, role="viewer"):
            Movement.objects.deposit(budget, 5_00)

        with acting_for(tenant, role="service"):
            Movement.objects.deposit(budget, 5_00)

    def test_without_a_limit_is_not_counted(self, acting, monkeypatch):
        monkeypatch.setattr(limits, "_count", lambda *_: 10**9)

        Movement.objects.deposit(BudgetFactory(), 5_00)


class TestInRedis:
    def test_counts_as_in_memory(self, acting, redis):
        assert exhaust(now=NOON + 12.4).retry_after == 48
        assert "Redis" in type(cache._connections["default"]).__name__  # type: ignore[attr-defined]

        used(now=NOON + 60)

    def test_writes_no_pickle(self, acting, redis):
        used()
        cache.set("other", {"text": 1})
        client = cache._cache.get_client()  # type: ignore[attr-defined]

        assert sorted(client.get(key) for key in client.keys("*")) == [b"1", b'{"text": 1}']

    def test_runs_no_code_from_a_value_in_redis(self, redis, tmp_path):
        mark = tmp_path / "mark"
        client = cache._cache.get_client()  # type: ignore[attr-defined]
        client.set(cache.make_key("planted"), pickle.dumps(Planted(str(mark))))

        with pytest.raises(ValueError, match=r"."):
            cache.get("planted")
        assert not mark.exists()

    def test_forgets_a_window_by_itself(self, acting, redis):
        used()
        client = cache._cache.get_client()  # type: ignore[attr-defined]

        [key] = client.keys("*limit:*")
        assert 0 < client.ttl(key) <= 60

    def test_killed_on_the_way_everything_goes_on_and_is_said_once(self, acting, redis, caplog):
        exhaust()
        redis.kill()
        redis.wait()

        with caplog.at_level(logging.WARNING, logger="tenants.access.limits"):
            began = time.monotonic()
            for _ in range(200):
                used()
            took = time.monotonic() - began

        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "rate limits are off" in caplog.text
        assert took < 1

    def test_is_asked_again_after_a_while(self, acting, redis, caplog):
        redis.kill()
        redis.wait()
        clock = [100.0]

        with caplog.at_level(logging.WARNING, logger="tenants.access.limits"):
            for seconds in (0, 1, limits.AWAY - 2, 2, 1):
                clock[0] += seconds
                limits.require("sing", clock=lambda: clock[0])

        assert len(caplog.records) == 2

    def test_one_that_does_not_answer_costs_its_timeout_once(self, acting, redis):
        used()
        redis.send_signal(19)  # SIGSTOP: it still accepts, and says nothing

        began = time.monotonic()
        for _ in range(50):
            used()

        assert 0.1 < time.monotonic() - began < 1.5

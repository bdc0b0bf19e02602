"""Tests that tests/test_timeouts.py runs with a timeout of one second."""

import time

import pytest


@pytest.mark.timeout(60)
def test_comes_first_and_waits_for_imports():
    pass


@pytest.fixture(scope="module")
def shared():
    time.sleep(1.5)
    yield
    time.sleep(1.5)


def test_waits_for_a_shared_fixture(shared):
    pass


def test_takes_too_long(shared):
    time.sleep(10)


def test_comes_after_it(shared):
    pass


@pytest.fixture
def own():
    time.sleep(10)


def test_waits_for_a_fixture_of_its_own(own):
    pass


def test_waits_for_the_end_of_a_shared_fixture(shared):
    pass

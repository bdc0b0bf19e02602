"""`make bench` runs; what it measures, it says."""

import pytest

import bench.__main__ as program
from bench import reading
from tenants.errors import UnknownTenant
from tenants.models import Tenant


def test_it_measures_in_a_tenant_that_is_gone_when_it_ends(committed, monkeypatch, capsys):
    monkeypatch.setattr(program, "ROUNDS", 1)
    monkeypatch.setattr(program, "pairs_of_a_long_ledger", lambda budget: [])  # takes a minute

    program.main()

    assert "deposit, 10 buckets" in capsys.readouterr().out
    with pytest.raises(UnknownTenant):
        Tenant.objects.id_of("bench")


def test_it_measures_the_reading_of_statements_beside_another_checkout(monkeypatch, capsys):
    monkeypatch.setattr(reading, "LINES", 50)
    monkeypatch.setattr(reading, "ROUNDS", 1)

    program.run(["reading", str(reading.HERE)])

    out = capsys.readouterr().out
    assert out.count("Sluice") == out.count("splitting it") == 2
    assert out.count("the other checkout") == 2

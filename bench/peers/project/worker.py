"""Answers requests of the benchmark, one a line: see `bench.peers.process`."""

import json
import sys
import time
from pathlib import Path

import django
from django.core.management import call_command

COLUMN = """
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("envelopes", "0001_initial")]
    operations = [migrations.AddField("bucket", "note", models.TextField(null=True))]
"""

deposits, tenants = {}, []


def migrate():
    """Write the first migrations of the apps, and apply them as the package wants it."""
    from django.conf import settings

    if settings.PEER == "hordak":
        call_command("migrate", verbosity=0)
        return
    call_command("makemigrations", "customers", "envelopes", verbosity=0)
    if settings.PEER == "tenants":
        call_command("migrate_schemas", shared=True, verbosity=0)
    else:
        call_command("migrate", verbosity=0)


def prepare():
    """Create what the deposits need."""
    import ledgers
    from django.conf import settings

    if settings.PEER == "hordak":
        deposits["save"] = ledgers.hordak(bulk=False)
        deposits["bulk"] = ledgers.hordak(bulk=True)
    else:
        tenant()
        deposits["bulk"] = ledgers.envelopes(tenants[0])


def deposit(name, seconds):
    """A slice of deposits: the seconds of each."""
    times, begin = [], time.perf_counter()
    last = begin
    while len(times) < 3 or last - begin < seconds:
        deposits[name]()
        now = time.perf_counter()
        times.append(now - last)
        last = now
    return times


def tenant():
    """The seconds of one new tenant."""
    import ledgers

    begin = time.perf_counter()
    tenants.append(ledgers.new_tenant(len(tenants)))
    return [time.perf_counter() - begin]


def column(number):
    """The seconds in which a migration adds a column for every tenant; it is undone after."""
    from django.conf import settings

    Path("envelopes/migrations/0002_note.py").write_text(COLUMN)
    command = "migrate_schemas" if settings.PEER == "tenants" else "migrate"
    begin = time.perf_counter()
    call_command(command, verbosity=0)
    seconds = time.perf_counter() - begin
    call_command(command, "envelopes", "0001", verbosity=0)
    return [seconds]


def count():
    """How many tenants there are."""
    return len(tenants)


if __name__ == "__main__":
    django.setup()
    works = {each.__name__: each for each in (migrate, prepare, deposit, tenant, column, count)}
    for line in sys.stdin:
        name, arguments = json.loads(line)
        print("answer " + json.dumps(works[name](*arguments)), flush=True)

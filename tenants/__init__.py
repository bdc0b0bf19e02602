"""Isolation of tenants, by Django's queries and by PostgreSQL's row policies.

Whoever imports any of it has the time zones of the installed `tzdata`, which the lock file pins.
Left alone, `zoneinfo` prefers the machine's files, of whatever year those are; `check --database`
compares PostgreSQL's.
"""

from zoneinfo import ZoneInfo, reset_tzpath

reset_tzpath(())
ZoneInfo.clear_cache()  # of what the machine's files gave before

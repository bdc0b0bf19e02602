#!/bin/sh
# python-dateutil 2.9.0.post0 (Python 3.11): in the hour that a clock skips, a rule falls due early.
#
# RFC 5545, section 3.3.5: a local time that does not occur is read with the UTC offset of before
# the gap. A daily rule at 02:30 in New York means 07:30 UTC on 8 March 2026, when the clock goes
# from 02:00 to 03:00. dateutil gives 02:30 with the offset of after the gap: 06:30 UTC, an hour
# early, and before the clock has changed. zoneinfo follows the RFC for the same wall time.
#
# Seen: dateutil 06:30 UTC, zoneinfo 07:30 UTC.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check python-dateutil==2.9.0.post0
"$folder/venv/bin/python" - <<'PYTHON'
import datetime
from zoneinfo import ZoneInfo
from dateutil.rrule import rrulestr
from dateutil.tz import gettz

start = datetime.datetime(2026, 3, 7, 2, 30, tzinfo=gettz("America/New_York"))
second = list(rrulestr("FREQ=DAILY;COUNT=2", dtstart=start))[1]
theirs = second.astimezone(datetime.timezone.utc)
standard = second.replace(tzinfo=ZoneInfo("America/New_York")).astimezone(datetime.timezone.utc)
print("dateutil:", theirs.time(), "UTC; zoneinfo:", standard.time(), "UTC")
assert (theirs.hour, standard.hour) == (6, 7), (theirs, standard)
PYTHON

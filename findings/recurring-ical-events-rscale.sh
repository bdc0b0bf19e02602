#!/bin/sh
# recurring-ical-events 3.8.2 with icalendar 7.3.2 (Python 3.11): RSCALE is refused for a wrong reason.
#
# RFC 7529 adds RSCALE and SKIP to recurrence rules: 'monthly on the 31st, or the last day of a
# shorter month' is RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD. The rule has no UNTIL and needs
# none, but the error says that UNTIL is missing, which sends the reader to the wrong place.
#
# Seen: BadRuleStringFormat: UNTIL parameter is missing.
set -eu

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check recurring-ical-events==3.8.2 icalendar==7.3.2
"$folder/venv/bin/python" - <<'PYTHON'
import icalendar
import recurring_ical_events

LINES = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//example//EN
BEGIN:VEVENT
UID:1
DTSTAMP:20260101T000000Z
DTSTART;VALUE=DATE:20260131
RRULE:RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD
SUMMARY:pay day
END:VEVENT
END:VCALENDAR
"""
calendar = icalendar.Calendar.from_ical(LINES)
try:
    recurring_ical_events.of(calendar).between((2026, 1, 1), (2026, 4, 1))
except Exception as error:
    print(type(error).__name__, str(error))
    assert "UNTIL parameter is missing" in str(error), error
else:
    raise SystemExit("RSCALE is read now")
PYTHON

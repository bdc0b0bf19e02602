"""`manage.py clean_sessions`: delete expired sessions and old failed log-ins."""

import argparse
from typing import Any

from tenants.management.base import Command as BaseCommand
from tenants.tasks import clean_sessions


class Command(BaseCommand):
    """Calls the task `clean_sessions`, or enqueues it."""

    help = "Delete expired sessions, and failed log-ins older than login_failure_days."
    examples = """
  manage.py clean_sessions
  manage.py clean_sessions --enqueue     # as a task, for a worker
"""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--enqueue", action="store_true", help="enqueue the task for a worker")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, enqueue: bool, **options: Any) -> None:
        if enqueue:
            answer: dict[str, Any] = {"task": clean_sessions.enqueue().id}
        else:
            answer = clean_sessions.call()
        if options["json"]:
            self.print_json(answer)
            return
        for name, value in answer.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {value}")

"""Work that commands and tasks run: imports, due schedules, audits and repairs."""

"""The start of `python -m bench.performance`: see `bench.performance.program`."""

if __name__ == "__main__":  # each client imports this module too, and has its own settings
    import os
    import sys

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

    from bench.performance.program import main

    sys.exit(main())

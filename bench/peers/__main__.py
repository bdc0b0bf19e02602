"""The start of `python -m bench.peers`: see `bench.peers.program`."""

if __name__ == "__main__":  # each client imports this module too, and has its own settings
    import os
    import sys

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

    from bench.peers.program import main

    sys.exit(main())

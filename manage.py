#!/usr/bin/env python
"""The command line of Sluice: `manage.py help` lists what there is."""

import os
import signal
import sys

if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C ends it, without a traceback
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from tenants.management import main

    sys.exit(main(sys.argv, without_apps={"cascade": "budgets"}))

#!/usr/bin/env python
"""The command line of Sluice: `manage.py help` lists what there is."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from tenants.management import main

    sys.exit(main(sys.argv, without_apps={"cascade": "budgets"}))

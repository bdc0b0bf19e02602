"""The ASGI entry point."""

import os
from concurrent.futures import ThreadPoolExecutor

from django.core.asgi import get_asgi_application

from config.extras import require
from tenants.postgres.base import require_bound_login

require("server", "whitenoise", "serving static files")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_asgi_application()
with ThreadPoolExecutor(1) as thread:  # Django does not connect in the thread of an event loop
    thread.submit(require_bound_login).result()

"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from config.extras import require
from tenants.postgres.base import require_bound_login

require("server", "whitenoise", "serving static files")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
require_bound_login()

"""The project's settings, and the example domains that show `tenants` to be generic."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "tests.forms", "tests.shop"]

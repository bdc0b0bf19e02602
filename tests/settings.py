"""The project's settings, with the examples whatever the environment says."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = list(dict.fromkeys([*INSTALLED_APPS, "examples.forms", "examples.shop"]))

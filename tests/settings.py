"""The project's settings, with the examples in every environment."""

from config.settings import *  # noqa: F403
from config.settings import EXAMPLE_APPS, INSTALLED_APPS

EXAMPLES = True
INSTALLED_APPS = list(dict.fromkeys([*INSTALLED_APPS, *EXAMPLE_APPS]))

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""A fast hasher: the usual one is slow on purpose."""

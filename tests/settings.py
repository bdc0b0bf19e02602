"""The project's settings, with the examples whatever the environment says."""

from config.settings import *  # noqa: F403
from config.settings import EXAMPLE_APPS, INSTALLED_APPS

EXAMPLES = True
INSTALLED_APPS = list(dict.fromkeys([*INSTALLED_APPS, *EXAMPLE_APPS]))

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
"""Made to be slow is what a password's hash is; no test is about that."""

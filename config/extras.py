"""The extras of pyproject.toml: optional packages."""

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured


def require(extra: str, package: str, used: str) -> None:
    """Raise ImproperlyConfigured, with the name of the extra, unless its package is installed.

    `used` is the setting or the feature that needs the package. The package is not imported.
    """
    if find_spec(package) is None:
        raise ImproperlyConfigured(f"{used} needs the package {package}: install sluice[{extra}]")

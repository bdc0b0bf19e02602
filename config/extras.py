"""The extras of pyproject.toml: packages that are installed only where they are used."""

from importlib.util import find_spec

from django.core.exceptions import ImproperlyConfigured


def require(extra: str, package: str, used: str) -> None:
    """Raise ImproperlyConfigured, which names the extra, unless its package is installed.

    `used` names the setting or the act that needs the package. The package is not imported.
    """
    if find_spec(package) is None:
        raise ImproperlyConfigured(f"{used} needs the package {package}: install sluice[{extra}]")

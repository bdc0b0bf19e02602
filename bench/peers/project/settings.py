"""The settings of the package that the variable PEER names: hordak, tenants or rls."""

import os

PEER = os.environ["PEER"]
SECRET_KEY = "of a benchmark"  # noqa: S105
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ["PEER_DATABASE"],
        "USER": os.environ["PEER_USER"],
        "HOST": os.environ["PEER_SOCKET"],
        "PORT": "5432",
    }
}
CURRENCIES = HORDAK_CURRENCIES = ["EUR"]
DEFAULT_CURRENCY = "EUR"

if PEER == "hordak":
    INSTALLED_APPS = [
        *("django.contrib.contenttypes", "django.contrib.auth"),
        *("mptt", "djmoney", "hordak"),
    ]
elif PEER == "tenants":
    DATABASES["default"]["ENGINE"] = "django_tenants.postgresql_backend"
    DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]
    SHARED_APPS = ["django_tenants", "django.contrib.contenttypes", "customers"]
    TENANT_APPS = ["envelopes"]
    INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
    TENANT_MODEL, TENANT_DOMAIN_MODEL = "customers.Customer", "customers.Domain"
else:
    INSTALLED_APPS = ["django_rls_tenants", "customers", "envelopes"]
    RLS_TENANTS = {"TENANT_MODEL": "customers.Customer", "USE_LOCAL_SET": True}

"""The tenants of the package."""

from django.conf import settings
from django.db import models

if settings.PEER == "tenants":
    from django_tenants.models import DomainMixin, TenantMixin

    class Customer(TenantMixin):
        """A tenant with a schema of its own."""

        name = models.CharField(max_length=100)
        auto_create_schema = True

    class Domain(DomainMixin):
        """The host name of a tenant, which the package needs."""

else:

    class Customer(models.Model):
        """A tenant whose rows are among those of others."""

        name = models.CharField(max_length=100)

"""A form builder on `tenants` alone: what another product than this one gets from it."""

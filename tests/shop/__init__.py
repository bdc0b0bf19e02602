"""An example of a domain on `tenants` alone: a shop."""

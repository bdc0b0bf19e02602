"""For tests alone: a scratch database, and the data-access objects in memory.

`tenants.testing.memory` is imported by itself, because it needs the models; a conftest can import
`scratch_database` before Django is set up. Nothing in production imports this package.
"""

from tenants.testing.database import scratch_database

__all__ = ["scratch_database"]

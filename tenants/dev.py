"""The login that `seed dev` makes, for development only."""

DEV_EMAIL = "admin@example.com"
DEV_PASSWORD = "sluice-dev"

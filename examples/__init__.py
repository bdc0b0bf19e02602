"""Two domains on `tenants` alone: apps that know nothing of money or of each other."""

"""A shop: products by category, orders, and stock."""

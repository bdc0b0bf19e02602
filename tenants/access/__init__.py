"""What a tenant and its members may do: roles, plans and their features, limits, preferences."""

"""A form builder: organizations, forms, workflows, submissions and events."""

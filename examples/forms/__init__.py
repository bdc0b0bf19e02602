"""A form builder: organizations, their forms and workflows, submissions, and events."""

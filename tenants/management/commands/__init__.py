"""One module for each command; `manage.py help NAME` describes it."""

"""Each module is one command; `manage.py help NAME` describes it."""

"""Each module is one command; `manage.py help NAME` says what it does."""

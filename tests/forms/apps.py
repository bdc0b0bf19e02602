from django.apps import AppConfig


class FormsConfig(AppConfig):
    name = "tests.forms"
    label = "forms"

"""The log-in form, with an error for log-ins that are refused after too many failures."""

from typing import override

from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError


class LogInForm(AdminAuthenticationForm):
    """Django's log-in form of the admin; a refused log-in names the minutes to wait."""

    @override
    def get_invalid_login_error(self) -> ValidationError:
        wait = getattr(self.request, "login_wait", 0)
        if not wait:
            return super().get_invalid_login_error()
        minutes = -(-wait // 60)
        text = f"Too many log-ins failed: try again in {minutes} minute{'s' * (minutes > 1)}"
        return ValidationError(text, code="too_many_failures")


admin.site.login_form = LogInForm

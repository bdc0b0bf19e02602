"""Facts computed from the columns of statements and their lines, in PostgreSQL and in memory."""

from typing import TYPE_CHECKING, Any

from budgets.managers.facts import Answer


class StatementFacts(Answer):
    """Facts of an import."""

    if TYPE_CHECKING:
        name: Any
        undone_at: Any
        imported_at: Any

    def __str__(self) -> str:
        return str(self.name)

    @property
    def state(self) -> str:
        """Undone, imported, or unfinished: then importing the file again continues."""
        if self.undone_at:
            return "undone"
        return "imported" if self.imported_at else "unfinished"


class LineFacts:
    """Facts of a line."""

    if TYPE_CHECKING:
        number: Any
        identity: Any

    def __str__(self) -> str:
        return f"line {self.number}"

    @property
    def has_bank_id(self) -> bool:
        """Whether the bank gave it an id."""
        return bool(self.identity.startswith("id"))

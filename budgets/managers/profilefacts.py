"""Facts of an import profile, and which profile is that of a file. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from budgets.managers.facts import Answer
from budgets.statements.column_names import normal
from budgets.statements.remembered import Options, flags, merge, named_columns, option_names

if TYPE_CHECKING:
    from budgets.models import ImportProfile

type Header = tuple[str, ...]


class ProfileFacts(Answer):
    """Facts of a profile."""

    if TYPE_CHECKING:
        account: Any
        header: Any
        options: Any

    def __str__(self) -> str:
        return f"account {self.account}" if self.account else "the account without a name"

    @property
    def flags(self) -> str:
        """The options as they are written for `import_statement`."""
        return flags(self.options)


@dataclass(frozen=True, slots=True)
class ProfileMatch:
    """A profile, and the header of a file that it fits; () for a file that is no table."""

    profile: "ImportProfile"
    header: Header

    @property
    def gone(self) -> list[str]:
        """The columns of the profile that the file does not have."""
        return _without(self.profile.header, self.header)

    @property
    def new(self) -> list[str]:
        """The columns of the file that the profile does not have."""
        return _without(self.header, self.profile.header)

    @property
    def is_changed(self) -> bool:
        """Whether the file has another header than the profile."""
        return tuple(self.profile.header) != self.header

    def missing(self, given: Options) -> list[str]:
        """The columns that the profile's options need and the file lacks.

        `given` are options that win over those of the profile.
        """
        needed = named_columns(merge(self.profile.options, given))
        return _without(needed, [*self.header, *named_columns(given)])

    def remembered_flags(self, given: Options) -> set[str]:
        """The names of the flags whose values are the profile's, such as --sign."""
        return option_names(merge(self.profile.options, given)) - option_names(given)


def matches(
    profiles: "Iterable[ImportProfile]", rows: Collection[Header], account: str
) -> list[ProfileMatch]:
    """The profiles of a file, one of whose `rows` is its header; () stands for other formats.

    With an `account` only the profile of that account. A profile fits the same header, else one
    that has half of its columns; one of them is enough for an account that is given.
    """
    found = []
    for profile in profiles:
        if account and profile.account != account:
            continue
        header = closest(tuple(profile.header), rows, least=0 if account else 0.5)
        if header is not None:
            found.append(ProfileMatch(profile, header))
    return [each for each in found if not each.is_changed] or found


def closest(header: Header, rows: Collection[Header], *, least: float) -> Header | None:
    """The row that is the header, or has most of its columns; at least one, and that share."""
    if header in rows:
        return header
    best = max(sorted(rows), key=lambda row: _shared(header, row), default=())
    shared = _shared(header, best)
    return best if shared and shared >= least * len(header) else None


def _shared(header: Header, row: Header) -> int:
    return len({name for name in header if name}.intersection(row))


def _without(names: Iterable[str], others: Iterable[str]) -> list[str]:
    """The names that are not among the others, without regard to case and accents."""
    known = {each for name in others for each in (name, normal(name))}
    return [name for name in names if name and name not in known and normal(name) not in known]

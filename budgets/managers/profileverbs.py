"""The verbs of import profiles, shared by PostgreSQL and ledgers in memory."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from budgets.errors import BadProfile, BadStatement, UnknownProfile
from budgets.managers.profilefacts import Header, ProfileMatch, closest, matches
from budgets.managers.writer import LedgerVerbs
from budgets.roles import verb
from budgets.statements import Hints, StatementFormat
from budgets.statements.column_names import NAMES
from budgets.statements.remembered import REMEMBERED, merge, with_remembered
from budgets.statements.survey import LONGEST_ACCOUNT

if TYPE_CHECKING:
    from budgets.models import Budget, ImportProfile

LARGEST = 100_000  # characters of a header and of options, as JSON


class ProfileVerbs(LedgerVerbs):
    """Remembers how the files of an account are read."""

    @verb("profiles.remember")
    def remember(
        self,
        budget: "Budget",
        account: str,
        header: Sequence[str],
        options: Mapping[str, Any],
        *,
        format: str = "csv",
    ) -> "ImportProfile":
        """Create the profile of an account, or merge `options` into it.

        `account` is "" for a file that names none, `header` has the names of the columns, and is
        empty for a file that is no table. `options` are fields of `Hints` (see
        `statements.remembered`): a new value wins, None takes one away. A profile of another
        format, or of a header without half of its columns, is replaced. Safe to repeat: without a
        change nothing is written. Raises BadProfile.

        >>> header = ["Datum", "Betrag", "Text"]
        >>> giro = ImportProfile.objects.remember(household, "Giro", header, {"sign": "reversed"})
        >>> more = {"columns": {"amount": "Betrag"}}
        >>> ImportProfile.objects.remember(household, "Giro", header, more).flags
        '--amount-column Betrag --sign reversed'
        """
        self._writer.lock(budget)
        names = tuple(header)
        found = self._found(budget, account)
        earlier = found.options if found and _same_layout(found, names, format) else {}
        values = {
            "format": clean_format(format),
            "header": list(names),
            "options": merge(earlier, clean_options(options)),
        }
        _require_storable(values)
        return self._change(found, values) if found else self._create(budget, account, values)

    @verb("profiles.edit")
    def edit(self, profile: "ImportProfile", options: Mapping[str, Any]) -> "ImportProfile":
        """Change options of a profile: a new value wins, None takes one away.

        Raises BadProfile for options that make no sense, and RowNotFound for a forgotten profile.

        >>> said = {"sign": "reversed", "decimal": ","}
        >>> giro = ImportProfile.objects.remember(household, "Giro", ["Datum", "Betrag"], said)
        >>> ImportProfile.objects.edit(giro, {"sign": None, "decimal": "."}).options
        {'decimal': '.'}
        """
        self._writer.lock(profile.budget)
        self._writer.renew(profile)
        values = {"options": merge(profile.options, clean_options(options))}
        _require_storable(values)
        return self._change(profile, values)

    @verb("profiles.forget")
    def forget(self, profile: "ImportProfile") -> None:
        """Delete a profile; the history keeps what it was. Repeating it changes nothing.

        >>> giro = ImportProfile.objects.remember(household, "Giro", [], {"encoding": "cp1252"})
        >>> ImportProfile.objects.forget(giro)
        >>> ImportProfile.objects.get_by_name(household, "Giro")
        Traceback (most recent call last):
        budgets.errors.UnknownProfile: ...
        """
        self._writer.lock(profile.budget)
        self._remove(profile)

    def get_by_name(self, budget: "Budget", account: str) -> "ImportProfile":
        """The profile of that account, "" for the one of files that name none.

        Raises UnknownProfile.

        >>> giro = ImportProfile.objects.remember(household, "Giro", [], {"sign": "as-is"})
        >>> ImportProfile.objects.get_by_name(household, "Giro") == giro
        True
        """
        if (found := self._found(budget, account)) is None:
            known = ", ".join(repr(each.account) for each in self._all(budget)) or "none"
            raise UnknownProfile(
                f"the budget has no import profile of account {account!r}; it has: {known}",
                name=account,
            )
        return found

    def matching(
        self, budget: "Budget", rows: Collection[Header], account: str = ""
    ) -> list[ProfileMatch]:
        """The profiles that fit a file, by account; several only if the file leaves it open.

        One of `rows` is the header of the file, () if it is no table. With an `account` only the
        profile of that account fits. A profile fits its own header; if none does, those of which
        the file has half of the columns (with an `account`: one), and the header is changed.

        >>> header = ("Datum", "Betrag", "Text")
        >>> giro = ImportProfile.objects.remember(household, "Giro", header, {"sign": "as-is"})
        >>> [match] = ImportProfile.objects.matching(household, [("Datum", "Summe", "Text")])
        >>> match.profile == giro, match.gone, match.new
        (True, ['Betrag'], ['Summe'])
        """
        return matches(self._all(budget), rows, account)

    def _create(self, budget: "Budget", account: str, values: dict[str, Any]) -> "ImportProfile":
        if len(account) > LONGEST_ACCOUNT:
            raise BadProfile(f"an account's name has at most {LONGEST_ACCOUNT} characters")
        profile: ImportProfile = self._writer.make(
            "ImportProfile", budget=budget, account=account, **values
        )
        self._save(profile)
        return profile

    def _change(self, profile: "ImportProfile", values: dict[str, Any]) -> "ImportProfile":
        """Write what is new."""
        changed = [name for name, value in values.items() if getattr(profile, name) != value]
        for name in changed:
            setattr(profile, name, values[name])
        if changed:
            self._save(profile, changed)
        return profile

    def _all(self, budget: "Budget") -> "list[ImportProfile]":
        """The profiles of a budget, by account."""
        return list(budget.import_profiles.by_account())

    def _found(self, budget: "Budget", account: str) -> "ImportProfile | None":
        return next((each for each in self._all(budget) if each.account == account), None)

    def _save(self, profile: "ImportProfile", columns: Sequence[str] = ()) -> None:
        """Insert a profile, or update columns."""
        profile.save(force_insert=not columns, update_fields=columns or None)

    def _remove(self, profile: "ImportProfile") -> None:
        """Delete a profile that may be gone."""
        profile.budget.import_profiles.filter(pk=profile.pk).delete()


def clean_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `Hints` as JSON, None for those to take away. Raises BadProfile."""
    for name, value in options.items():
        if name not in ("columns", *REMEMBERED):
            raise BadProfile(f"a profile has no option {name!r}")
        if value is not None and not _FITS.get(name, _is_text)(value):
            raise BadProfile(f"a profile has no such {name}: {value!r}"[:300])
    return dict(options)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_text, value))


def _are_columns(value: Any) -> bool:
    """Whether it maps roles to the name of a column, to several, or to None."""
    return isinstance(value, Mapping) and all(
        role in NAMES and (name is None or _is_text(name) or _are_texts(name))
        for role, name in value.items()
    )


def _are_pairs(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        _are_texts(pair) and len(pair) == 2 for pair in value
    )


_FITS: dict[str, Callable[[Any], bool]] = {
    "columns": _are_columns,
    "booked_when": _are_pairs,
    "skip_footer": lambda value: type(value) is int,
}
"""Whether a value is one of the option; other options are text."""


def clean_format(format: str) -> str:
    """A format that is read. Raises BadProfile."""
    try:
        return StatementFormat(format).value
    except ValueError as error:
        raise BadProfile(f"there is no format {format!r}") from error


def _require_storable(values: Mapping[str, Any]) -> None:
    """Raise BadProfile for options that make no sense, and for what JSON cannot have."""
    try:
        with_remembered(Hints(), values["options"])
        text = json.dumps(values, ensure_ascii=False)
        text.encode()
    except (BadStatement, UnicodeError) as error:
        raise BadProfile(str(error)) from error
    if len(text) > LARGEST or "\\u0000" in text:
        raise BadProfile("the header and the options are too long, or have a NUL character")


def _same_layout(profile: "ImportProfile", header: Header, format: str) -> bool:
    known = tuple(profile.header)
    return profile.format == format and (
        known == header or closest(known, [header], least=0.5) is not None
    )

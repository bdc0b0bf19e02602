"""Which import profile a file is read with, and what is remembered of an import.

The verbs are those of `ImportProfile.objects`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from budgets.errors import BadStatement
from budgets.managers.profilefacts import ProfileMatch
from budgets.models import Budget, ImportProfile
from budgets.statements import (
    Finding,
    Hints,
    StatementFile,
    header_rows,
    inspect,
    read,
    recognise,
)
from budgets.statements.remembered import flags, flags_for, merge, options_of, with_remembered
from budgets.statements.source import Source
from tenants.context import run_for

WITHOUT = "--no-profile reads the file without it"
_DECIDING = ("sign", "date_format", "decimal", "booked_when")
"""Options that another layout may need otherwise."""
_LISTED = 12  # columns in a message


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was opened with the options of a person, and those of a profile if one fits.

    `others` are the profiles of tables of the budget if the file is a table that fits none.
    """

    file: StatementFile
    given: dict[str, Any]
    match: ProfileMatch | None = None
    others: tuple[ImportProfile, ...] = ()

    @property
    def account(self) -> str:
        """The account whose profile it is: "" for a file of no account, or of several."""
        ids = {account.id for account in self.file.accounts}
        return self.file.account or (ids.pop() if len(ids) == 1 else "")

    @property
    def remembered(self) -> dict[str, Any]:
        """What is new to remember: the options that were given.

        `account` is one of them only if the file names none; else it selects an account.
        """
        kept = dict(self.given)
        if self.file.names_account:
            kept.pop("account", None)
        return kept

    @property
    def is_news(self) -> bool:
        """Whether the import has something to remember."""
        return bool(self.remembered) or bool(self.match and self.match.is_changed)

    def findings(self) -> Iterator[Finding]:
        """How the file was understood; what the profile decided has its date."""
        flags = self.match.remembered_flags(self.given) if self.match else set()
        for finding in self.file.findings():
            known = finding.reason.partition(" ")[0] in flags
            yield replace(finding, reason=f"{finding.reason} {self.since}") if known else finding

    @property
    def since(self) -> str:
        """When the profile was last changed."""
        return f"as remembered on {self.match.profile.updated_at:%Y-%m-%d}" if self.match else ""

    def sentences(self) -> Iterator[str]:
        """What a person must know of the profile that was used, or of those that do not fit."""
        if self.others:
            shown = ", ".join(map(str, self.others[:_LISTED]))
            yield f"the file has other columns than the profiles of {shown}: none is used"
        if self.match is None:
            return
        profile = self.match.profile
        yield f"{profile} is read {self.since}: {profile.flags or 'no options'}; {WITHOUT}"
        if self.match.is_changed:
            yield f"the header of {profile} has changed: {_changes(self.match)}"


def open_file(budget: Budget, path: Path | str, hints: Hints, *, profile: bool = True) -> Opened:
    """Open and read a file with the profile of its account, if there is one; `hints` win.

    Writes nothing, and opens its own blocks. Raises BadStatement: also if the profiles of several
    accounts fit, if a column is gone that the profile names, and if the header has changed of a
    file that names no account, and the profile says more than its columns.
    """
    given, path = options_of(hints), Path(path)
    known = _in_block(budget, lambda: list(budget.import_profiles.all())) if profile else []
    if not known:
        return Opened(read(path, hints=hints), given)
    sources = _sources(path, hints.encoding, known)
    delimiters = "".join(each.options.get("delimiter", "") for each in known)
    rows = {row for each in sources.values() for row in header_rows(each, delimiters)}
    found = _in_block(budget, lambda: ImportProfile.objects.matching(budget, rows, hints.account))
    answers = [answer for match in found if (answer := _read_with(match, sources, hints, given))]
    if not answers:
        source = sources.get(hints.encoding) or inspect(path, hints.encoding)
        file = recognise(source, hints)
        others = tuple(each for each in known if each.header) if file.header else ()
        return Opened(file, given, others=others)
    answer = _only(answers)
    if isinstance(answer.outcome, BadStatement):
        raise answer.outcome
    opened = Opened(answer.outcome, given, answer.match)
    _require_same_layout(opened, hints)
    return opened


def remember(budget: Budget, opened: Opened) -> ImportProfile:
    """Store what was said of a file, for the next import of its account. Opens its own block.

    Raises BadProfile.
    """
    file, profile = opened.file, opened.match.profile if opened.match else None
    options = merge(profile.options, opened.remembered) if profile else opened.remembered
    account = profile.account if profile else opened.account
    return _in_block(
        budget,
        lambda: ImportProfile.objects.remember(
            budget, account, file.header, options, format=file.format
        ),
    )


@dataclass(frozen=True, slots=True)
class _Answer:
    """A profile, and the file as it is read with it or why it cannot be."""

    match: ProfileMatch
    outcome: StatementFile | BadStatement


def _in_block[T](budget: Budget, work: Callable[[], T]) -> T:
    return run_for(cast(UUID, budget.tenant_id), work)


def _sources(path: Path, encoding: str, known: Iterable[ImportProfile]) -> dict[str, Source]:
    """The file by encoding: the one that was named, else "" and those of profiles.

    What is not a regular file is read once. Raises BadStatement if it is text in none of them.
    """
    others = [] if encoding else [each.options.get("encoding", "") for each in known]
    sources: dict[str, Source] = {}
    refusal = None
    for name in dict.fromkeys([encoding, *others]):
        if not (sources or refusal) or path.is_file():
            try:
                sources[name] = inspect(path, name)
            except BadStatement as error:
                refusal = refusal or error
    if refusal and not sources:
        raise refusal
    return sources


def _read_with(
    match: ProfileMatch, sources: dict[str, Source], hints: Hints, given: dict[str, Any]
) -> _Answer | None:
    """The file read with a profile; None if the profile is of another account or encoding."""
    profile = match.profile
    source = sources.get(hints.encoding or profile.options.get("encoding", ""))
    if source is None:
        return None
    if missing := match.missing(given):
        return _Answer(match, _gone(match, missing, hints, given))
    try:
        file = recognise(source, with_remembered(hints, profile.options))
    except BadStatement as error:
        return _Answer(match, _with_note(error, match, given))
    ids = {account.id for account in file.accounts}
    if profile.header:
        is_of_account = profile.account in ("", *ids)
    else:
        is_of_account = (
            file.format == profile.format and profile.account == Opened(file, given).account
        )
    return _Answer(match, file) if is_of_account else None


def _only(answers: list[_Answer]) -> _Answer:
    """The one profile that fits. Raises BadStatement for several that say different things."""
    said = [answer.match.profile.options for answer in answers]
    if any(options != said[0] for options in said):
        accounts = ", ".join(repr(answer.match.profile.account) for answer in answers)
        raise BadStatement(
            f"the profiles of several accounts fit the file: {accounts}; say --account NAME, "
            f"or {WITHOUT}"
        )
    return answers[0]


def _require_same_layout(opened: Opened, hints: Hints) -> None:
    """Raise BadStatement if it is open whether the profile is that of a file with a new header."""
    match = opened.match
    if match is None or not match.is_changed or opened.file.names_account:
        return
    if unsaid := _unsaid(match, hints, opened.given):
        raise BadStatement(
            f"the header is not the one remembered for {match.profile}: {_changes(match)}; if the "
            f"file is read in the same way say {flags(unsaid)}; {WITHOUT}"
        )


def _unsaid(match: ProfileMatch, hints: Hints, given: dict[str, Any]) -> dict[str, Any]:
    """Options of a profile that a person must confirm, unless they named the account."""
    options = {} if hints.account else match.profile.options
    return {name: options[name] for name in _DECIDING if name in options and name not in given}


def _gone(
    match: ProfileMatch, missing: list[str], hints: Hints, given: dict[str, Any]
) -> BadStatement:
    """The refusal of a file without columns that the profile needs."""
    again = [*flags_for(match.profile.options, missing), flags(_unsaid(match, hints, given))]
    return BadStatement(
        f"the header of {match.profile} has changed: {_changes(match)}; the profile needs "
        f"{_listed(missing)}: say {' '.join(filter(None, again))}; {WITHOUT}"
    )


def _with_note(error: BadStatement, match: ProfileMatch, given: dict[str, Any]) -> BadStatement:
    """The refusal of a file, and that a profile was used."""
    shown = flags(merge(match.profile.options, given))
    return BadStatement(f"{error} (read as {match.profile} is remembered: {shown}; {WITHOUT})")


def _changes(match: ProfileMatch) -> str:
    changes = (("gone", match.gone), ("new", match.new))
    said = "; ".join(f"{word}: {_listed(names)}" for word, names in changes if names)
    return said or "the columns are in another order"


def _listed(names: list[str]) -> str:
    more = ", ..." if len(names) > _LISTED else ""
    return ", ".join(repr(name[:40]) for name in names[:_LISTED]) + more

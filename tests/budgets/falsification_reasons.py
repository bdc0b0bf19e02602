"""Why the change of a column can stay silent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A reason, and the columns it holds for, as `table.column`."""

    text: str
    columns: frozenset[str]


def _columns(**tables: str) -> frozenset[str]:
    """The columns of several tables, each by its name and the names of its columns."""
    return frozenset(
        f"{table}.{column}" for table, columns in tables.items() for column in columns.split()
    )


REASONS = [
    Reason(
        "Ids and times of writing: no verb reads them, and no other row has them.",
        _columns(
            budgets_budget="updated_at",
            budgets_bucket="created_at updated_at",
            budgets_bucketversion="id created_at updated_at",
            budgets_movement="updated_at",
            budgets_entry="id created_at updated_at",
            budgets_schedule="updated_at",
            budgets_scheduleversion="id created_at updated_at",
            budgets_schedulerun="id created_at updated_at",
            budgets_statement="updated_at",
            budgets_statementline="id created_at updated_at",
            tenants_change="id created_at updated_at",
        ),
    ),
    Reason(
        "The words of the caller, and who called: only the row itself has them, and role app cannot"
        " change them. A chain of hashes over the movements will name such a change.",
        _columns(
            budgets_bucketversion="effective_at actor_id request_id memo metadata",
            budgets_movement="effective_at actor_id request_id memo metadata source",
            budgets_scheduleversion="effective_at actor_id request_id memo metadata",
            budgets_schedulerun="actor_id",
            tenants_change="actor_id request_id",
        ),
    ),
    Reason(
        "Idempotency keys and fingerprints: as the words of the caller. After such a change a"
        " repeated request is a new one. Scheduled and imported deposits are compared with their"
        " runs and lines.",
        _columns(
            budgets_bucketversion="key request_hash",
            budgets_movement="key request_hash",
            budgets_scheduleversion="key request_hash",
        ),
    ),
    Reason(
        "A higher version of a budget does no harm: a request that expects another version is"
        " refused as stale. A lower one is `I2`.",
        _columns(budgets_budget="version"),
    ),
    Reason(
        "The audit replays only the newest cascade of each budget. With `--replay` it replays all,"
        " and names changed reasons, `became_full` and begins of versions there too. It does not"
        " compute `became_full` of entries that no cascade wrote.",
        _columns(budgets_bucketversion="from_seq", budgets_entry="reason became_full"),
    ),
    Reason(
        "Two kinds can have the same entries: a transfer from the money bucket and"
        " `redistribute_to`, or a transfer to a full bucket and `release_excess`. The requested"
        " amount of a redistribution may be higher than the amount that the buckets kept.",
        _columns(budgets_movement="kind amount"),
    ),
    Reason(
        "A version of a schedule is compared with the next terms, the due times and the deposits. A"
        " change that its own verb may have made, and that no due time contradicts, is silent.",
        _columns(budgets_scheduleversion="starts_on starts_at catch_up until verb"),
    ),
    Reason(
        "A due time without a deposit was skipped or missed: no other row tells which.",
        _columns(budgets_schedulerun="outcome"),
    ),
    Reason(
        "A line is a copy from the file of the bank, which is not stored. A line without a deposit"
        " may be skipped, held or a duplicate, and only the row itself has its `copy`: its number"
        " among the repetitions of a booking. Compare it with the file.",
        _columns(budgets_statementline="number account status copy"),
    ),
    Reason(
        "The history is compared with the present row: a key that is no column, or a second change"
        " that takes back the first, stays silent.",
        _columns(tenants_change="before after"),
    ),
]

"""The chain of hashes: it shows any rewriting of a movement, whoever did it (I15).

The hash of a movement is SHA-256 (FIPS 180-4) over two parts: the hash of the movement before it in
its budget, of 32 bytes or none for the first; and a JSON array in UTF-8, in the form in which
PostgreSQL writes jsonb, of its columns and its entries:

    budget, seq, id, kind, amount, net amount, effective at, recorded at, actor, request id, memo,
    metadata, key, request hash, source, reversed movement,
    [buckets, seqs in the bucket, amounts, balances after, reasons, whether it became full]

Money is in minor units, times are microseconds since 1970-01-01 UTC, ids are texts, and what is not
there is null. Each of the six lists has one item for each entry, in the order of the positions. The
tenant, `created_at` and `updated_at` are no part of it, so a ledger keeps its hashes where it is
loaded. The trigger of postings computes them (`0024_postings`); here they are computed again.
"""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple, Self
from uuid import UUID

from budgets.errors import BadQuestion
from tenants.managers.naming import uuid_of
from tenants.managers.prepared import Prepared

_AT_ONCE = 1000

_BODIES = Prepared("""
SELECT m.seq, m.id, m.hash, jsonb_build_array(
    m.budget_id, m.seq, m.id, m.kind, m.amount, m.net_amount,
    (extract(epoch FROM m.effective_at) * 1000000)::bigint,
    (extract(epoch FROM m.recorded_at) * 1000000)::bigint,
    m.actor_id, m.request_id, m.memo, m.metadata, m.key, m.request_hash, m.source, m.reverses_id,
    jsonb_build_array(e.buckets, e.seqs, e.amounts, e.after, e.reasons, e.fulls)
)::text
FROM budgets_movement AS m, LATERAL (
    SELECT jsonb_agg(e.bucket_id ORDER BY e.position) AS buckets,
        jsonb_agg(e.seq ORDER BY e.position) AS seqs,
        jsonb_agg(e.amount ORDER BY e.position) AS amounts,
        jsonb_agg(e.balance_after ORDER BY e.position) AS after,
        jsonb_agg(e.reason ORDER BY e.position) AS reasons,
        jsonb_agg(e.became_full ORDER BY e.position) AS fulls
    FROM budgets_entry AS e
    WHERE e.tenant_id = m.tenant_id AND e.movement_id = m.id
) AS e
WHERE m.tenant_id = %(tenant)s AND m.budget_id = %(budget)s AND m.seq > %(after)s
ORDER BY m.seq LIMIT %(most)s
""")

_HEADS = Prepared(
    "SELECT id, last_movement_seq, head FROM budgets_budget"
    " WHERE tenant_id = %(tenant)s AND head IS NOT NULL ORDER BY id"
)

_HASH = Prepared(
    "SELECT hash FROM budgets_movement"
    " WHERE tenant_id = %(tenant)s AND budget_id = %(budget)s AND seq = %(seq)s"
)


class ChainHead(NamedTuple):
    """The hash of a budget's ledger after one of its movements: it stands for all until then.

    >>> ChainHead.parse(str(ChainHead(UUID(int=1), 2, bytes(32)))).seq
    2
    """

    budget: UUID
    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.budget}:{self.seq}:{self.hash.hex()}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The head that `str` wrote. Raises BadQuestion."""
        budget, _, rest = text.strip().partition(":")
        seq, _, digits = rest.partition(":")
        pk = uuid_of(budget)
        is_number = seq.isascii() and seq.isdecimal() and len(seq) < 19
        try:
            digest = bytes.fromhex(digits)
        except ValueError:
            digest = b""
        if pk is None or not is_number or len(digest) != hashlib.sha256().digest_size:
            raise BadQuestion(
                f"{text!r} is not a head: `audit --head` prints them, as BUDGET:SEQ:HASH",
                field="since",
            )
        return cls(pk, int(seq), digest)


def heads(db: str) -> list[ChainHead]:
    """The present heads of the tenant's budgets that have movements."""
    return [ChainHead(*row) for row in _HEADS.rows(db)]


def holds(db: str, head: ChainHead) -> bool | None:
    """Whether the movement that a head names still has its hash; None if there is no such one.

    With no movement `rewritten`, nothing before it has changed since.
    """
    rows = _HASH.rows(db, budget=head.budget, seq=head.seq)
    return rows[0][0] == head.hash if rows else None


def rewritten(db: str, budget: UUID) -> Iterator[UUID]:
    """The ids of movements whose hash is not that of their content and of their predecessor."""
    before, after = b"", 0
    while rows := _BODIES.rows(db, budget=budget, after=after, most=_AT_ONCE):
        for seq, pk, stored, body in rows:
            if hashlib.sha256(before + body.encode()).digest() != stored:
                yield pk
            before, after = stored, seq

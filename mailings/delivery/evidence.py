"""Proof that a message whose answer was never seen arrived after all: a report, an open or a complaint about it.

Nobody can send back, open or complain about mail that no server took; so `unknown` becomes `sent`.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from mailings.delivery import domains, sql
from mailings.models import Tally

PROOF = frozenset({"delivered", "bounce", "complaint", "open", "click", "trap", "unsubscribe"})

_ARRIVED = """
UPDATE mailings_message m SET state = 'sent', reason = '', answer = '', sent_at = coalesce(m.sent_at, v.at)
  FROM unnest(%(numbers)s::bigint[], %(at)s::timestamptz[]) AS v (id, at)
 WHERE m.id = v.id AND m.state = 'unknown'
RETURNING m.mailing_id, split_part(m.address, '@', 2)
"""


def arrived(proofs: Iterable[tuple[int, datetime]], *, now: datetime) -> int:
    """Take message numbers with the moment of their proof; the unknown among them are sent. Returns how many were."""
    found = dict(proofs)
    if not found:
        return 0
    rows = sql.rows(_ARRIVED, {"numbers": list(found), "at": list(found.values())})
    per_mailing: dict[int, dict[str, Counter[str]]] = {}
    for mailing, domain in rows:
        of_mailing = per_mailing.setdefault(mailing, {})
        of_mailing.setdefault(domain, Counter()).update(sent=1, other=-1)
    for mailing, changed in sorted(per_mailing.items()):
        number = sum(counted["sent"] for counted in changed.values())
        Tally.objects.create(mailing_id=mailing, at=now, unknown=-number, sent=number)
        domains.add(mailing, changed)
    return len(rows)

"""How much is enough: at most so many marketing messages per person in so many days, and a sunset for who never reacts.

Both are asked after the gate, as sets in SQL. The cap counts what was sent and what still waits in every other mailing,
and freezing holds a lock while it counts, so that two mailings at the same moment do not both take the last place: of
any messages in a window, the one frozen last has counted all the others. The sunset is HubSpot's rule for graymail:
never engaged and the last 11 mails without an open or a click, or engaged once and the last 16 without. Engagement is
a human's, as the journal judged it. Who falls under it is worked out every night, and looked at again when freezing.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings.models import Restraint

LOCK = 0x504F5354_00000033
LONGEST, MOST = 365, 1000
REASONS: dict[str, str | Promise] = {
    "too_often": gettext_lazy("Had enough mail lately"),
    "unengaged": gettext_lazy("Never opens or clicks"),
}


class CannotChange(ValueError):
    """These numbers make no rule; the message says why, fit to show a person."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds back now. `most` None: no cap."""

    most: int | None = None
    days: int = 7
    sunset: bool = False
    never: int = 11
    since: int = 16

    @property
    def is_any(self) -> bool:
        return self.most is not None or self.sunset


NONE = Rules()


def current() -> Rules:
    """Give the rules as they are now; as shipped nothing is held back."""
    row = Restraint.objects.order_by("-pk").values("most", "days", "sunset", "never", "since").first()
    return Rules(**row) if row else NONE


def change(rules: Rules, *, note: str, by: int | None, now: dt.datetime) -> Restraint:
    """Change the rules from now on, with a reason. Raises CannotChange."""
    if rules.most is not None and not 1 <= rules.most <= MOST:
        raise CannotChange(_("Choose between 1 and %(most)s messages, or none") % {"most": MOST})
    if not 1 <= rules.days <= LONGEST:
        raise CannotChange(_("Choose between 1 and %(most)s days") % {"most": LONGEST})
    if not 1 <= rules.never <= MOST or not 1 <= rules.since <= MOST:
        raise CannotChange(_("Choose between 1 and %(most)s mails") % {"most": MOST})
    if not note.strip():
        raise CannotChange(_("Say why"))
    with transaction.atomic():
        made = Restraint.objects.create(
            most=rules.most,
            days=rules.days,
            sunset=rules.sunset,
            never=rules.never,
            since=rules.since,
            note=note.strip(),
            changed_by_id=by,
            changed_at=now,
        )
        refresh(rules)
    return made


def wait_for_others() -> None:
    """Wait until no other mailing is counting, and keep others waiting until this transaction is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def parameters(rules: Rules, *, mailing: int, at: dt.datetime) -> dict[str, Any]:
    """Give the parameters of `ctes`."""
    return {
        "tired_mailing": mailing,
        "tired_since": at - dt.timedelta(days=rules.days),
        "tired_most": rules.most,
        "tired_never": rules.never,
        "tired_ever": rules.since,
    }


def ctes(rules: Rules) -> str:
    """Give the SQL of `often` and `tired`: those of `candidate` (person_id) who had enough, and who never react."""
    return f"often AS ({OFTEN if rules.most is not None else NOBODY}), tired AS ({TIRED if rules.sunset else NOBODY})"


def refresh(rules: Rules | None = None) -> int:
    """Work out anew who falls under the sunset; doing it again changes nothing. Returns how many do."""
    rules = current() if rules is None else rules
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("DELETE FROM mailings_unengaged")
        if not rules.sunset:
            return 0
        cursor.execute(
            f"INSERT INTO mailings_unengaged (person_id) {EVERYBODY}",
            {"tired_never": rules.never, "tired_ever": rules.since},
        )
        return int(cursor.rowcount)


NOBODY = "SELECT NULL::bigint AS person_id WHERE false"
# What was sent, or still may be: a message that waits takes its place now, whenever it goes out.
OFTEN = """
    SELECT m.person_id
      FROM mailings_message m
      JOIN mailings_mailing g ON g.id = m.mailing_id
     WHERE g.message_class = 'marketing' AND g.frozen_at IS NOT NULL AND g.id <> %(tired_mailing)s
       AND (g.status IN ('scheduled', 'approval', 'sending', 'paused')
            OR EXISTS (SELECT FROM mailings_tally t WHERE t.mailing_id = g.id AND t.at > %(tired_since)s))
       AND (m.state IN ('pending', 'sending', 'deferred', 'unknown') OR m.sent_at > %(tired_since)s)
       AND m.person_id IN (SELECT person_id FROM candidate)
     GROUP BY m.person_id HAVING count(*) >= %(tired_most)s
"""
# Who reached one of the two limits without an open or a click.
EVERYBODY = """
    SELECT person_id FROM (
        SELECT m.person_id, m.opened_at IS NOT NULL OR m.clicked_at IS NOT NULL AS engaged,
               row_number() OVER (PARTITION BY m.person_id ORDER BY m.sent_at DESC, m.id DESC) AS place
          FROM mailings_message m JOIN mailings_mailing g ON g.id = m.mailing_id
         WHERE m.state = 'sent' AND m.bounced_at IS NULL AND m.person_id IS NOT NULL AND g.message_class = 'marketing'
    ) had
    GROUP BY person_id
    HAVING NOT bool_or(engaged) AND count(*) >= %(tired_never)s
        OR bool_or(engaged) AND count(*) >= %(tired_ever)s AND NOT bool_or(engaged AND place <= %(tired_ever)s)
"""
# Of those who were found in the night the ones who are candidates and have not reacted since.
FLAGGED = "m.person_id IN (SELECT u.person_id FROM mailings_unengaged u JOIN candidate USING (person_id))"
TIRED = EVERYBODY.replace("m.person_id IS NOT NULL", FLAGGED)

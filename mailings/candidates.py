"""The SQL of an audience: from sources to candidates to verdicts, each person once.

A candidate is a person with the address we write to and, where we see one ourselves, a hurdle: former employee,
no address, duplicate. The gate judges those who have none.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consent import gate
from consent.gate import MessageClass
from mailings import medium, overriding, restraint
from mailings.medium import Medium
from mailings.models import Mailing, Source

type Parameters = dict[str, Any]

# What we see ourselves, before anybody asks the gate; such a message keeps no address and so takes nobody's place.
HURDLES: Mapping[str, str | Promise] = {
    "former_employee": _("Does not work there any more"),
    "no_address": _("No e-mail address"),
    "no_mobile": _("No mobile number"),
    "no_postal_address": _("No postal address"),
    "objected": _("Objected to direct marketing"),
    "duplicate": _("Somebody else with this address gets it"),
    "company_gets_it": _("The company gets it at its own address"),
}

MEMBERS = {
    "selection_id": "SELECT person_id FROM recipients_selectionmember WHERE selection_id = {}",
    "project_id": "SELECT person_id FROM recipients_projectmember WHERE project_id = {}",
    "importing_id": (
        "SELECT member.person_id FROM recipients_selectionmember member"
        " JOIN recipients_import importing ON importing.selection_id = member.selection_id WHERE importing.id = {}"
    ),
}
# The address we write to, and what stands in the way before anybody asks the gate.
_KNOWN = """
    SELECT p.id AS person_id, coalesce(e.address, '') AS address,
           coalesce(nullif(p.country, ''), company.country, '') AS country,
           CASE WHEN p.is_former_employee THEN 'former_employee' WHEN e.address IS NULL THEN '{lacking}'
                WHEN {refused} THEN 'objected' ELSE '' END
           AS hurdle
      FROM chosen
      JOIN recipients_person p ON p.id = chosen.person_id
      LEFT JOIN recipients_company company ON company.id = p.company_id
      LEFT JOIN {addresses} e ON e.person_id = p.id
"""
# With "include companies" each company of somebody in the sources is a candidate too, at its own address, beside one of
# its people; with "prefer company" those people then get nothing.
_OWN_AND_COMPANIES = """
    SELECT own.person_id, own.address, own.country,
           CASE WHEN {prefers} AND own.hurdle IN ('', '{lacking}') AND firm.company_id IS NOT NULL THEN 'company_gets_it'
                ELSE own.hurdle END AS hurdle,
           false AS is_company
      FROM own JOIN recipients_person p ON p.id = own.person_id LEFT JOIN firm ON firm.company_id = p.company_id
     UNION ALL
    SELECT person_id, address, country, '', true FROM firm
"""
_FIRM = """
    SELECT DISTINCT ON (p.company_id) p.company_id, p.id AS person_id, a.address, company.country
      FROM chosen JOIN recipients_person p ON p.id = chosen.person_id AND NOT p.is_former_employee
      JOIN recipients_company company ON company.id = p.company_id
      JOIN {company_addresses} a ON a.company_id = p.company_id
     ORDER BY p.company_id, p.id
"""
# Of several people behind one address the first by number is copy 0; a hurdle takes nobody's place.
_CANDIDATE = """
    SELECT person_id, address, country, copy{passed}, CASE WHEN {duplicate} THEN 'duplicate' ELSE hurdle END AS hurdle
      FROM ({numbered}) numbered
"""
# Few addresses are shared: find those by hashing, and sort only them.
NUMBERED = """
    SELECT known.*, coalesce(place.copy, 0) AS copy
      FROM known
      LEFT JOIN (
          SELECT person_id{place}, row_number() OVER (PARTITION BY address COLLATE "C" ORDER BY person_id{place}) - 1 AS copy
            FROM known
           WHERE hurdle = ''
             AND address IN (SELECT address FROM known WHERE hurdle = '' GROUP BY address HAVING count(*) > 1)
      ) place ON place.person_id = known.person_id{same}
"""
# The same for a few people of many: look behind each address instead of sorting them all.
NUMBERED_FEW = """
    SELECT known.*, CASE WHEN hurdle <> '' THEN 0 ELSE (
               SELECT count(*)
                 FROM {{addresses}} other
                 JOIN recipients_person q ON q.id = other.person_id AND NOT q.is_former_employee
                WHERE other.address = known.address AND other.person_id < known.person_id
                  AND ({member}))
           END AS copy
      FROM known
"""


def chosen(sources: Iterable[Source], parameters: Parameters, *, slice_sql: str = "") -> str:
    """Give the SQL of the people of these sources, each once. `slice_sql` ends every part of it."""
    parts = []
    singles = []
    for source in sources:
        if source.person_id is not None:
            singles.append(source.person_id)
            continue
        column, members = next((c, m) for c, m in MEMBERS.items() if getattr(source, c) is not None)
        name = f"source_{source.pk}"
        parameters[name] = getattr(source, column)
        part = members.format(f"%({name})s")
        if _is_narrowed(source):
            part += f" AND person_id IN ({MEMBERS['project_id'].format('%(both_project)s')})"
            parameters["both_project"] = source.mailing.project_id
        parts.append(part)
    if singles or not parts:
        parameters["singles"] = singles
        parts.append("SELECT unnest(%(singles)s::bigint[]) AS person_id")
    return " UNION ".join(f"(SELECT person_id FROM ({part}) part {slice_sql})" for part in parts)


@dataclass(frozen=True)
class Terms:
    """By what a mailing's people are judged: its options, what holds back beside the gate, and the gate's parameters."""

    medium: Medium
    one_per_address: bool
    restraint: restraint.Rules
    parameters: Parameters
    include_companies: bool = False
    prefer_company: bool = False
    served: str = ""  # SQL of person numbers whom another channel of the same family reaches


def terms_of(mailing: Mailing, *, now: datetime) -> Terms:
    """Give the terms of this mailing as they are now; without a subscription type nobody has agreed to marketing.

    Neither the frequency cap nor the sunset holds back what is no marketing, or what two people sent without consent.
    """
    of_class, override = MessageClass(mailing.message_class), overriding.stands(mailing)
    is_restrained = of_class is MessageClass.MARKETING and not override
    rules = restraint.current() if is_restrained else restraint.NONE
    of_type = medium.of(mailing)
    asked = gate.parameters(
        of_type.channel, mailing.subscription_type_id or 0, message_class=of_class, override=override, at=now
    )
    more = restraint.parameters(rules, mailing=mailing.pk, at=now) if rules.is_any else {}
    options = (mailing.include_companies and bool(of_type.company_addresses), mailing.prefer_company)
    parameters = asked | more
    served = _served(mailing, parameters, now)
    return Terms(of_type, mailing.one_per_address, rules, parameters, *options, served)


# Who has it from another channel, or still may: not one that bounced, so that sending the next one again reaches them.
_SERVED = """
    SELECT person_id FROM mailings_message
     WHERE mailing_id = ANY(%(family)s::bigint[]) AND person_id IS NOT NULL AND bounced_at IS NULL
       AND state NOT IN ('held', 'failed', 'cancelled')
"""
_NAME = re.compile(r"%\((\w+)\)s")


def _served(mailing: Mailing, parameters: Parameters, now: datetime) -> str:
    """Give the SQL of whom the other channels of a family reach (mailings.cascade); nothing where there are none.

    Those that are frozen have messages; of an earlier one that is not, everybody is judged as if it started now.
    """
    is_first_draft = mailing.frozen_at is None and mailing.type != Mailing.Type.DOCUMENT
    if mailing.then_of_id is None and (is_first_draft or mailing.pk is None):
        return ""
    first = mailing.then_of_id or mailing.pk
    family = Mailing.objects.filter(Q(pk=first) | Q(then_of=first)).exclude(pk=mailing.pk).order_by("pk")
    others = list(family)
    parts = []
    if frozen := [one.pk for one in others if one.frozen_at]:
        parameters["family"] = frozen
        parts.append(_SERVED)
    for one in others if mailing.then_of_id else ():
        if one.frozen_at is None and one.pk < mailing.pk:
            terms = terms_of(one, now=now)
            people = judged(chosen(one.sources.all(), terms.parameters), terms)
            parts.append(
                f"SELECT person_id FROM ({_renamed(people, f'of{one.pk}_')} SELECT * FROM judged) earlier WHERE reason = ''"
            )
            parameters |= {f"of{one.pk}_{name}": value for name, value in terms.parameters.items()}
    return " UNION ALL ".join(parts)


def _renamed(text: str, prefix: str) -> str:
    return _NAME.sub(lambda found: f"%({prefix}{found.group(1)})s", text)


def _is_narrowed(source: Source) -> bool:
    """Whether only those of this selection count who are in the linked project as well."""
    mailing = source.mailing
    both = mailing.both_links == Mailing.Both.INTERSECTION and mailing.project_id is not None
    return both and source.selection_id is not None and source.selection_id == mailing.selection_id


def judged(people: str, terms: Terms, *, numbered: str = "") -> str:
    """Give the SQL (a WITH list) that ends in `judged`: person_id, is_company, address, country, copy, verdict, reason,
    evidence, block, waived. `numbered` looks at a few people only, and at none of their companies.
    """
    of_type, has_companies = terms.medium, terms.include_companies and not numbered
    place, same = (", is_company", " AND place.is_company = known.is_company") if has_companies else ("", "")
    candidate = _CANDIDATE.format(
        numbered=numbered.replace("{addresses}", of_type.addresses) or NUMBERED.format(place=place, same=same),
        duplicate="copy > 0" if terms.one_per_address else "false",
        passed=", is_company" if has_companies else "",
    )
    own = _KNOWN.format(addresses=of_type.addresses, lacking=of_type.lacking, refused=of_type.refused)
    both = _OWN_AND_COMPANIES.format(prefers=str(terms.prefer_company).lower(), lacking=of_type.lacking)
    known = both if has_companies else own
    firm = _FIRM.format(company_addresses=of_type.company_addresses)
    if terms.served:
        people = f"SELECT person_id FROM ({people}) everybody WHERE person_id NOT IN ({terms.served})"
    before = f"own AS ({own}), firm AS ({firm})," if has_companies else ""
    return f"""
        WITH chosen AS ({people}),
        {before}
        known AS ({known}),
        candidate AS MATERIALIZED ({candidate}),
        judged_by_gate AS ({gate.verdicts_sql("candidate")}),
        judged_alone AS (
            SELECT person_id, {"is_company" if has_companies else "false AS is_company"}, address, country, copy,
                   CASE WHEN hurdle = '' THEN verdict ELSE 'refuse' END AS verdict,
                   CASE WHEN hurdle = '' THEN reason ELSE hurdle END AS reason,
                   CASE WHEN hurdle = '' THEN evidence END AS evidence,
                   CASE WHEN hurdle = '' THEN block END AS block,
                   CASE WHEN hurdle = '' THEN waived ELSE '' END AS waived
              FROM judged_by_gate
        ),
        {_RESTRAINED.format(ctes=restraint.ctes(terms.restraint)) if terms.restraint.is_any else _FREE}
    """


_FREE = "judged AS (SELECT * FROM judged_alone)"
_RESTRAINED = """{ctes},
        judged AS (
            SELECT alone.person_id, is_company, address, country, copy,
                   CASE WHEN held.reason = '' THEN verdict ELSE 'refuse' END AS verdict,
                   CASE WHEN held.reason = '' THEN alone.reason ELSE held.reason END AS reason,
                   evidence, block, waived
              FROM judged_alone alone
              LEFT JOIN often ON often.person_id = alone.person_id
              LEFT JOIN tired ON tired.person_id = alone.person_id
             CROSS JOIN LATERAL (
                   SELECT CASE WHEN alone.reason <> '' THEN '' WHEN often.person_id IS NOT NULL THEN 'too_often'
                               WHEN tired.person_id IS NOT NULL THEN 'unengaged' ELSE '' END AS reason) held
        )"""


def among(sources: Iterable[Source], parameters: Parameters) -> str:
    """Give the SQL that says whether `other.person_id` is among the mailing's people, by index."""
    parts = ["false"]
    for source in sources:
        name = f"source_{source.pk}"
        for column, sql in MEMBERS.items():
            if (number := getattr(source, column)) is not None:
                parameters[name] = number
                members = sql.format(f"%({name})s")
                if _is_narrowed(source):
                    members += f" AND person_id IN ({MEMBERS['project_id'].format('%(both_project)s')})"
                    parameters["both_project"] = source.mailing.project_id
                parts.append(f"other.person_id IN ({members})")
    parameters["singles"] = [source.person_id for source in sources if source.person_id is not None]
    parts.append("other.person_id = ANY(%(singles)s::bigint[])")
    return " OR ".join(parts)

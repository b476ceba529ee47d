"""Where people and companies get their letters, in SQL: one line per letter box, and the parts that stand in the window.

A person's own address goes before that of the company they work for; an address without street or town is none.
"""

# Of a row x with street, postcode, city and country: the same line for the same letter box, however it was typed.
_KEY = """left(lower(btrim(regexp_replace(concat_ws(', ', x.street, btrim(concat_ws(' ', CASE
    WHEN x.country IN ('NL', '') THEN regexp_replace(upper(x.postcode), '^\\s*(\\d\\d\\d\\d)\\s*([A-Z][A-Z])\\s*$', '\\1 \\2')
    ELSE x.postcode END, x.city)), nullif(x.country, '')), '\\s+', ' ', 'g'))), 320)"""
_OWN = "btrim(p.street) <> '' AND btrim(p.city) <> ''"
_FIRM = "btrim(c.street) <> '' AND btrim(c.city) <> ''"
OF_PEOPLE = f"""(
    SELECT p.id AS person_id, {_KEY} AS address
      FROM recipients_person p LEFT JOIN recipients_company c ON c.id = p.company_id
     CROSS JOIN LATERAL (
           SELECT CASE WHEN {_OWN} THEN p.street ELSE c.street END AS street,
                  CASE WHEN {_OWN} THEN p.postcode ELSE c.postcode END AS postcode,
                  CASE WHEN {_OWN} THEN p.city ELSE c.city END AS city,
                  CASE WHEN {_OWN} THEN p.country ELSE c.country END AS country) x
     WHERE {_OWN} OR {_FIRM})"""
OF_COMPANIES = f"""(
    SELECT x.id AS company_id, {_KEY} AS address FROM recipients_company x
     WHERE btrim(x.street) <> '' AND btrim(x.city) <> '')"""


def window(full_name: str) -> str:
    """Give the SQL of what stands in the window, over p (person) and audience: the fields of `postal.Postal` as jsonb."""
    own = f"NOT audience.is_company AND {_OWN}"
    parts = ("street", "postcode", "city", "region", "country")
    chosen = ", ".join(f"'{part}', CASE WHEN {own} THEN p.{part} ELSE coalesce(c.{part}, '') END" for part in parts)
    return f"""(SELECT jsonb_build_object('name', CASE WHEN audience.is_company THEN '' ELSE {full_name} END,
                   'company', CASE WHEN {own} THEN '' ELSE coalesce(c.name, '') END, {chosen})
              FROM (SELECT) nothing LEFT JOIN recipients_company c ON c.id = p.company_id)"""


# The order in which letters come out of the press, over p, audience and the company firm.
ORDERS = {
    "": "audience.person_id",
    "postcode": "coalesce(nullif(p.country, ''), firm.country, ''), upper(replace(coalesce(nullif(p.postcode, ''), firm.postcode, ''), ' ', ''))",
    "company": "firm.name NULLS LAST",
    "number": "firm.id NULLS LAST",
    "last_name": "p.last_name, p.first_name",
}

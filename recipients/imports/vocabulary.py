"""Words in cells that stand for a country, a language, or a part of a name."""

import re

COUNTRY_NAMES = {
    "NL": "nederland netherlands thenetherlands holland nl nld paysbas niederlande",
    "BE": "belgie belgium belgique belgien be bel vlaanderen",
    "DE": "duitsland germany deutschland allemagne de deu",
    "FR": "frankrijk france frankreich fr fra",
    "GB": "verenigdkoninkrijk unitedkingdom uk gb gbr engeland england grootbrittannie greatbritain schotland scotland wales",
    "IE": "ierland ireland ie irl",
    "LU": "luxemburg luxembourg lu lux",
    "US": "verenigdestaten unitedstates unitedstatesofamerica usa us vs vereinigtestaten",
    "CA": "canada kanada ca can",
    "ES": "spanje spain espana spanien es esp",
    "PT": "portugal pt prt",
    "IT": "italie italy italia italien it ita",
    "AT": "oostenrijk austria osterreich at aut",
    "CH": "zwitserland switzerland schweiz suisse ch che",
    "DK": "denemarken denmark danmark dk dnk",
    "SE": "zweden sweden sverige se swe",
    "NO": "noorwegen norway norge no nor",
    "FI": "finland suomi fi fin",
    "PL": "polen poland polska pl pol",
    "CZ": "tsjechie czechia czechrepublic cz cze",
    "HU": "hongarije hungary hu hun",
    "RO": "roemenie romania ro rou",
    "BG": "bulgarije bulgaria bg bgr",
    "GR": "griekenland greece gr grc",
    "TR": "turkije turkey turkiye tr tur",
    "SR": "suriname sr sur",
    "CW": "curacao cw cuw",
    "AW": "aruba aw abw",
    "AU": "australie australia au aus",
    "NZ": "nieuwzeeland newzealand nz nzl",
    "ZA": "zuidafrika southafrica za zaf",
    "MA": "marokko morocco maroc ma mar",
    "IN": "india in ind",
    "CN": "china cn chn",
    "JP": "japan jp jpn",
    "BR": "brazilie brazil brasil br bra",
}
LANGUAGE_NAMES = {
    "nl": "nederlands dutch nl nld dut nlnl nlbe vlaams flemish",
    "en": "engels english en eng engb enus",
    "de": "duits german deutsch de deu ger dede",
    "fr": "frans french francais fr fra fre frfr frbe",
    "es": "spaans spanish espanol es spa",
    "it": "italiaans italian italiano it ita",
    "pt": "portugees portuguese portugues pt por",
    "pl": "pools polish polski pl pol",
    "tr": "turks turkish turkce tr tur",
    "ar": "arabisch arabic ar ara",
    "da": "deens danish dansk da dan",
    "sv": "zweeds swedish svenska sv swe",
    "fy": "fries frisian frysk fy fry",
}
COUNTRIES = {word: code for code, words in COUNTRY_NAMES.items() for word in words.split()}
LANGUAGES = {word: code for code, words in LANGUAGE_NAMES.items() for word in words.split()}
# ISO 3166-1 alpha-2; names of the others are not guessed
ALPHA_2_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC
CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD
GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH
KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW
MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC
SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY
UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
"""
ALPHA_2 = frozenset(ALPHA_2_CODES.split())
INFIX_WORDS = "van de der den het ter ten te von zu zur da di du la le el al bin ibn op in 't 's d' dos del"
INFIXES = frozenset(INFIX_WORDS.split())
NOT_LETTERS = re.compile(r"[^a-z]")
ACCENTS = str.maketrans("àáâãäåçèéêëìíîïñòóôõöøùúûüýÿ", "aaaaaaceeeeiiiinoooooouuuuyy")


def country(cell: str) -> str:
    """The ISO code of a country, or nothing when the word is not known."""
    if len(cell) == 2 and cell.upper() in ALPHA_2:
        return cell.upper()
    return COUNTRIES.get(word(cell), "")


def language(cell: str) -> str:
    """The ISO code of a language, or nothing when the word is not known."""
    return LANGUAGES.get(word(cell), "")


def name(whole: str) -> tuple[str, str, str]:
    """Cut a whole name into first, middle and last: 'Jan van der Berg' and 'Berg, Jan van der' are one man."""
    if "," in whole:
        last, _comma, rest = whole.partition(",")
        words = rest.split()
        cut = next((at for at, each in enumerate(words) if at and each.casefold() in INFIXES), len(words))
        return " ".join(words[:cut]), " ".join(words[cut:]), last.strip()
    words = whole.split()
    if len(words) < 2:
        return whole.strip(), "", ""
    for at in range(1, len(words) - 1):
        if words[at].casefold() in INFIXES:
            end = at
            while end < len(words) - 1 and words[end].casefold() in INFIXES:
                end += 1
            return " ".join(words[:at]), " ".join(words[at:end]), " ".join(words[end:])
    return words[0], "", " ".join(words[1:])


def word(cell: str) -> str:
    return NOT_LETTERS.sub("", cell.lower().translate(ACCENTS))

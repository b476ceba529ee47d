"""Words that people, companies and places of the demo are put together from. All hosts end in .example (RFC 2606)."""


def listed(text: str) -> list[str]:
    return text.split()


FIRST_NAMES_NL = listed("""
Anna Bram Casper Daan Dirk Eline Emma Esra Eva Fatima Femke Floor Frank Gijs Hans Henk Hugo Ilse Imane Ingrid Iris Isa
Jan Jasmijn Jeroen Jesse Joris Josephine Julia Karin Kees Khadija Koen Lars Laura Lieke Linda Lotte Luuk Maaike Maarten
Marieke Mark Marloes Martijn Mees Merel Mila Milan Mohammed Naima Niels Nina Noor Noud Olivier Pieter Piet Rachid Rik
Robin Roos Ruben Saar Samira Sander Sanne Sara Sem Sjoerd Sofie Sophie Stijn Suzanne Tess Teun Thijs Thomas Tijn Tim Tom
Vera Wessel Wim Wouter Yara Yasmina Youssef Zeynep
""")

FIRST_NAMES_EN = listed("""
Adam Alice Amelia Ben Charlotte Chloe Daniel David Edward Ella Emily George Grace Hannah Harry Henry Isabel Jack James
Joseph Kate Lewis Lucy Margaret Matthew Megan Nathan Oliver Olivia Owen Patrick Rebecca Rose Ruth Samuel Stephen Susan
Victoria William
""")

# "de|Wit": middle name and last name
LAST_NAMES_NL = listed("""
Aydin Bakker van|Beek van_den|Berg Blom Boer de|Boer Bos Bosman Bouwman van|Brakel Brouwer Bruin de|Bruin Çelik Dekker
van|Dam Demir van|Dijk Dijkstra Doorn van|Doorn Driessen el|Amrani el|Idrissi Evers van|Es Faber de|Graaf Groen de|Groot
de|Haan Haverkamp Heijnen van_der|Heijden Hendriks Hermans van_der|Horst Huisman de|Jager Jacobs Jansen de|Jong
Kaya de|Keizer Klaassen Koning de|Koning Koster Kramer Kuijpers Kuiper de|Lange van_der|Laan van|Leeuwen de|Leeuw
van_der|Linden Maas van_der|Meer Meijer Mensink Mertens Mulder Mol de|Munnik van|Noord Oosterhuis van|Oord Peeters
Peters van_der|Plas Post Postma Prins de|Ridder Rietveld Romeijn de|Ruiter van|Rijn Sanders Scholten Schouten Schipper
Simons Smit Smits van_der|Sluis Snijders Stam van|Straten Timmermans Tuin van|Vliet Veenstra Verbeek Verhoeven Vermeer
Vermeulen Visser de|Vries Vos van_der|Wal Wegman Willems de|Wilde Winters de|Wit van|Wijk Wolters Yılmaz Zijlstra Zwart
""")

LAST_NAMES_EN = listed("""
Adams Baker Barnes Bell Bennett Brown Campbell Carter Clarke Collins Cooper Davies Edwards Evans Fisher Foster Graham
Green Hall Harris Hughes Jackson Johnson Kelly King Lee Mason Miller Moore Morgan Murray Parker Price Reid Roberts
Robinson Scott Shaw Stewart Taylor Thompson Turner Walker Ward Watson White Wilson Wood Wright Young
""")

TITLES = (
    """
Owner|Director|Head of purchasing|HR advisor|HR manager|Practical trainer|Foreman|Joiner|Carpenter|Furniture maker
Welder|Teacher of technology|Mentor|Team leader|Plant manager|Office manager|Designer|Architect|Project leader
Journeyman|Apprentice|Student counsellor|Policy adviser|Account manager
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
EMPLOYERS = frozenset(
    ("Owner", "Director", "Head of purchasing", "HR advisor", "HR manager", "Plant manager", "Practical trainer")
)

# name, city, country; the first are in the pictures of the product
NAMED_COMPANIES = (
    ("Bakkerij De Wit", "Rotterdam", "NL"),
    ("Noordmetaal", "Rotterdam", "NL"),
    ("Wijkbedrijf Delfshaven", "Rotterdam", "NL"),
    ("Van Vliet Bouw", "Capelle aan den IJssel", "NL"),
    ("Houtlab", "Rotterdam", "NL"),
    ("Studio Brouwer", "Schiedam", "NL"),
    ("Haverkamp Jachtbouw", "Vlaardingen", "NL"),
    ("Techniek College Maasmond", "Rotterdam", "NL"),
    ("Canal Street Joinery", "Bristol", "GB"),
    ("Atelier Vermeulen", "Antwerpen", "BE"),
)
COMPANY_HEADS = listed("""
Aannemersbedrijf Atelier Bouwbedrijf Constructiebedrijf Fietsenmakerij Gieterij Houthandel Interieurbouw Jachtwerf
Kozijnenfabriek Lasbedrijf Machinefabriek Meubelmakerij Metaalbewerking Molenmakerij Plaatwerkerij Restauratieatelier
Scheepswerf Smederij Timmerfabriek Trappenfabriek Uurwerkmakerij Werkplaats Zeilmakerij
""")
COMPANY_TAILS = listed("""
Aalbers Blok Boonstra Coolhaven Delfshaven Duinker Feijenoord Gouwzicht Hillegersberg Katendrecht Koornneef Kralingen
Lekkerkerk Maaszicht Merwede Noorderhaven Oude_Maas Pernis Rijnmond Schiehaven Spaan Tarwewijk Verolme Waalhaven Westzijde
""")

# city, country, within the region of Rotterdam
CITIES = (
    ("Rotterdam", "NL", True),
    ("Rotterdam", "NL", True),
    ("Rotterdam", "NL", True),
    ("Schiedam", "NL", True),
    ("Vlaardingen", "NL", True),
    ("Capelle aan den IJssel", "NL", True),
    ("Barendrecht", "NL", True),
    ("Dordrecht", "NL", False),
    ("Delft", "NL", False),
    ("Den Haag", "NL", False),
    ("Gouda", "NL", False),
    ("Utrecht", "NL", False),
    ("Breda", "NL", False),
    ("Amsterdam", "NL", False),
    ("Antwerpen", "BE", False),
    ("Gent", "BE", False),
    ("Emden", "DE", False),
)
STREETS = listed("""
Kerkstraat Havenstraat Dorpsstraat Molenweg Schoolstraat Nieuwstraat Stationsweg Lindelaan Beukenlaan Marktplein Voorstraat
Achterweg Oosterkade Westersingel Noorderlaan Zuiderdijk
""")
HOSTS = ("post.example", "planet.example", "thuispost.example", "maasnet.example", "brievenbus.example")
ROLE_MAILBOXES = ("info", "verkoop", "administratie", "receptie", "secretariaat", "info")

"""De Werkbank, a workshop school in Rotterdam, as plain values: its people, their consent, its mailings."""

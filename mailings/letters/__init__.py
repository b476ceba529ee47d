"""Printed letters: from content blocks to pages of PDF. The modules but `press` and `binding` need no library.

`writing.write(letter)` is done once per mailing, `writing.Written.fill(recipient)` per recipient, `press.run` turns many
filled letters into one PDF, `binding` joins and cuts such files.
"""

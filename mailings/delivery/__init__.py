"""Handing a frozen audience over: chunks with leases in the database, a journal on disk, results in bulk.

At most one hand-over per message. Before the content of message n touches a socket, "going n" is in the journal; after
the server's answer, the answer is. Whoever takes a chunk up again reads the journal of whoever had it before.
"""

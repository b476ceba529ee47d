"""Mailboxes that are looked into for what came back: IMAP and POP3. What is not ours in them is never touched."""

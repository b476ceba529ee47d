"""Criteria: who belongs to a dynamic selection. A tree of plain words, checked, said aloud, and compiled to one set in SQL."""

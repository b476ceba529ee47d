"""Figures and their references: `python -m benchmarks [GROUP …]`, `SCALE=small` for a minute per group."""

"""A stranger's file becomes people: read in a child process, columns guessed, rows checked, written in batches."""

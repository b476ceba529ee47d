"""What mail providers tell over HTTP: each post is checked, put into our words and appended to the journal."""

"""The web site from the executed notebooks."""

"""The kinds of things that the workbook makes on an account: how each is found, and how it is deleted."""

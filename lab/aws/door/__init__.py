"""The door of the AWS endpoint: who calls, what they ask for, whether they may."""

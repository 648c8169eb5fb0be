"""What must be on disk before a service can start: environment, Java, jars, our compiled Java, the posts database.

Every step is quick when nothing changed, can be stopped at any point and goes on from there.
"""

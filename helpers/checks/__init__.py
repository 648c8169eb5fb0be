"""Exercises: what is asked, what is right, and which mistakes are known. One module a notebook.

A check evaluates the learner's answer, and compares it with the solution's. If they differ it evaluates *twins*, which
are typical wrong answers written as code: an answer equal to a twin's was made by the same mistake, and is told which.
"""

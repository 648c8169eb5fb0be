"""Incident drills: one thing of the pipeline is broken, and a learner finds and repairs it."""

"""Exercises: what is asked, what is right, and which mistakes are known. One module a notebook.

A check evaluates the learner's answer, and compares it with the solution's. If they differ it evaluates *twins*, which
are typical wrong answers written as code: an answer equal to a twin's was made by the same mistake, and is told which.

Exercises about systems are judged by the running system: IAM, the broker, API Gateway, Airflow. What they make to try
an answer on is in `scratch`, and is taken away again. As each try takes a system's time, what the solution and the
twins give is stated beside them, and the learner's answer alone is tried; the tests try all of them.
"""

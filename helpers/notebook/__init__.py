"""What a notebook needs as a lesson: what earlier ones would have made, the code of what it calls, and figures."""

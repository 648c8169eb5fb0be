"""What a notebook needs as a lesson: what earlier ones would have made, and the code of what it calls."""

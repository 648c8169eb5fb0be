"""Start, watch and stop a lab: the supervisor, the commands, the doctor."""

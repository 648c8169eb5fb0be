"""The posting emulator: what is drawn, where it is sent, what became of it (milestones 5 and 9)."""

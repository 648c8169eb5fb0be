"""What every part of the lab stands on: folders and ports, files, secrets, Java, the marks of processes."""

"""The workspace: files, mounts and secrets that all notebooks share, served by the cluster's own process."""

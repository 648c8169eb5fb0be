"""The EC2 client machine: its key pair and instance, and the way in over SSH (milestone 3)."""

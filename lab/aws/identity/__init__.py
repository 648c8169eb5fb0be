"""IAM and STS: who is known, which policies hold, who may take a role."""

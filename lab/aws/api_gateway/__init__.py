"""API Gateway's data plane: what happens when somebody calls a deployed REST API. Moto keeps the definitions."""

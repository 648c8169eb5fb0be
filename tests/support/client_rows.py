"""Rows that the clients of others write and read."""

ROWS = [{"ind": number, "country": "Côte d'Ivoire", "latitude": number / 2} for number in range(20)]

"""A course script: a row by mappings().first(), datetimes by json's default=str, another Accept header."""

import json
import random
import time

import requests
from sqlalchemy import create_engine, text

DATABASE_URL = "mysql+pymysql://user:password@database.example.com:3306/pinterest_data"
INVOKE_URL = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/prod"
USER_ID = "1234567890ab"

TABLES = {"pin": "pinterest_data", "geo": "geolocation_data", "user": "user_data"}
HEADERS = {"Content-Type": "application/vnd.kafka.json.v2+json", "Accept": "application/vnd.kafka.v2+json"}

random.seed(100)
engine = create_engine(DATABASE_URL)

while True:
    time.sleep(random.randrange(0, 2))
    number = random.randint(0, 11000)
    with engine.connect() as connection:
        for short, table in TABLES.items():
            row = dict(connection.execute(text(f"SELECT * FROM {table} LIMIT {number}, 1")).mappings().first())
            body = json.dumps({"records": [{"value": row}]}, default=str)
            answer = requests.post(f"{INVOKE_URL}/topics/{USER_ID}.{short}", headers=HEADERS, data=body, timeout=30)
            print(answer.status_code)

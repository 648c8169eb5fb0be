"""A course script for the streams with two mistakes: a list as data, and base64 where the template encodes anyway."""

import base64
import json
import random
from time import sleep

import requests
from sqlalchemy import create_engine, text

DATABASE_URL = "mysql+pymysql://user:password@database.example.com:3306/pinterest_data"
INVOKE_URL = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/prod"
USER_ID = "1234567890ab"

random.seed(100)
headers = {"Content-Type": "application/json"}
engine = create_engine(DATABASE_URL)

while True:
    sleep(random.randrange(0, 2))
    row = random.randint(0, 11000)
    with engine.connect() as connection:
        pin = [dict(r._mapping) for r in connection.execute(text(f"SELECT * FROM pinterest_data LIMIT {row}, 1"))]
        geo = [dict(r._mapping) for r in connection.execute(text(f"SELECT * FROM geolocation_data LIMIT {row}, 1"))]
        user = [dict(r._mapping) for r in connection.execute(text(f"SELECT * FROM user_data LIMIT {row}, 1"))]
    encoded = base64.b64encode(json.dumps(geo[0], default=str).encode()).decode()
    for name, value in (("pin", pin), ("geo", encoded), ("user", user[0])):
        url = f"{INVOKE_URL}/streams/streaming-{USER_ID}-{name}/record?stream-name=streaming-{USER_ID}-{name}"
        payload = json.dumps({"Data": value, "PartitionKey": row}, default=str)
        answer = requests.put(url, headers=headers, data=payload)
        print(answer.status_code, answer.text)

"""A course script with two mistakes learners make: colons in the date, and a list where a row should be."""

import json
import random
from time import sleep

import requests
from sqlalchemy import create_engine, text

DATABASE_URL = "mysql+pymysql://user:password@database.example.com:3306/pinterest_data"
INVOKE_URL = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/prod"
USER_ID = "1234567890ab"

random.seed(100)
headers = {"Content-Type": "application/vnd.kafka.json.v2+json"}
engine = create_engine(DATABASE_URL)

while True:
    sleep(random.randrange(0, 2))
    row = random.randint(0, 11000)
    with engine.connect() as connection:
        pin = [dict(r._mapping) for r in connection.execute(text(f"SELECT * FROM pinterest_data LIMIT {row}, 1"))]
        geo = [dict(r._mapping) for r in connection.execute(text(f"SELECT * FROM geolocation_data LIMIT {row}, 1"))]
        user = [dict(r._mapping) for r in connection.execute(text(f"SELECT * FROM user_data LIMIT {row}, 1"))]
    geo[0]["timestamp"] = geo[0]["timestamp"].strftime("%Y:%m:%d %H:%M:%S")
    user[0]["date_joined"] = str(user[0]["date_joined"])
    for topic, value in ((".pin", pin), (".geo", geo[0]), (".user", user[0])):
        payload = json.dumps({"records": [{"value": value}]})
        answer = requests.request("POST", f"{INVOKE_URL}/topics/{USER_ID}{topic}", headers=headers, data=payload)
        print(answer.status_code)

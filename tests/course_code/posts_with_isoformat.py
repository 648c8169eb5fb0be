"""A course script: columns written out one by one, datetimes by isoformat, a session, a batch of two records."""

import json
import random
from time import sleep

import requests
from sqlalchemy import create_engine, text

DATABASE_URL = "mysql+pymysql://user:password@database.example.com:3306/pinterest_data"
INVOKE_URL = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/prod"
USER_ID = "1234567890ab"

random.seed(100)
session = requests.Session()
session.headers.update({"Content-Type": "application/vnd.kafka.json.v2+json"})


def post(topic, *values):
    payload = json.dumps({"records": [{"value": value} for value in values]})
    print(session.post(INVOKE_URL + "/topics/" + USER_ID + topic, data=payload).status_code)


engine = create_engine(DATABASE_URL)
while True:
    sleep(random.randrange(0, 2))
    at = random.randint(0, 11000)
    with engine.connect() as connection:
        pin = connection.execute(text("SELECT * FROM pinterest_data LIMIT :at, 1"), {"at": at}).one()
        geo = connection.execute(text("SELECT * FROM geolocation_data LIMIT :at, 1"), {"at": at}).one()
        user = connection.execute(text("SELECT * FROM user_data LIMIT :at, 1"), {"at": at}).one()
    geo_value = {
        "ind": geo.ind, "timestamp": geo.timestamp.isoformat(), "latitude": geo.latitude, "longitude": geo.longitude,
        "country": geo.country,
    }  # fmt: skip
    user_value = {
        "ind": user.ind, "first_name": user.first_name, "last_name": user.last_name, "age": user.age,
        "date_joined": user.date_joined.isoformat(),
    }  # fmt: skip
    post(".pin", dict(pin._mapping), dict(pin._mapping))
    post(".geo", geo_value)
    post(".user", user_value)

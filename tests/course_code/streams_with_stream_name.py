"""A course script for the streams: the stream's name in path and body, one key for all, an address that ends in /."""

import json
import random
from time import sleep

import requests
import sqlalchemy
from sqlalchemy import text

random.seed(100)

DATABASE_URL = "mysql+pymysql://user:password@database.example.com:3306/pinterest_data"
INVOKE_URL = "https://abcdefghij.execute-api.us-east-1.amazonaws.com/prod"
USER_ID = "1234567890ab"

TABLES = {"pin": "pinterest_data", "geo": "geolocation_data", "user": "user_data"}
engine = sqlalchemy.create_engine(DATABASE_URL)


def send_to_stream(name, row):
    stream = f"streaming-{USER_ID}-{name}"
    url = INVOKE_URL + "/" + f"/streams/{stream}/record"
    payload = json.dumps({"StreamName": stream, "Data": row, "PartitionKey": "partition-1"}, default=str)
    response = requests.request("PUT", url, headers={"Content-Type": "application/json"}, data=payload)
    print(response.status_code, response.text)


def run_infinite_post_data_loop():
    while True:
        sleep(random.randrange(0, 2))
        random_row = random.randint(0, 11000)
        with engine.connect() as connection:
            for name, table in TABLES.items():
                for row in connection.execute(text(f"SELECT * FROM {table} LIMIT {random_row}, 1")):
                    send_to_stream(name, dict(row._mapping))


if __name__ == "__main__":
    run_infinite_post_data_loop()

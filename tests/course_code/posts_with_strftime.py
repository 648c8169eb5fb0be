"""A course script: an engine from a connector class, datetimes by strftime, one function a table."""

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


class AWSDBConnector:
    def create_db_connector(self):
        return sqlalchemy.create_engine(DATABASE_URL)


new_connector = AWSDBConnector()


def send_to_topic(topic, value):
    payload = json.dumps({"records": [{"value": value}]})
    headers = {"Content-Type": "application/vnd.kafka.json.v2+json"}
    response = requests.request("POST", f"{INVOKE_URL}/topics/{USER_ID}.{topic}", headers=headers, data=payload)
    print(response.status_code)


def run_infinite_post_data_loop():
    while True:
        sleep(random.randrange(0, 2))
        random_row = random.randint(0, 11000)
        engine = new_connector.create_db_connector()
        with engine.connect() as connection:
            pin_result, geo_result, user_result = {}, {}, {}
            for row in connection.execute(text(f"SELECT * FROM pinterest_data LIMIT {random_row}, 1")):
                pin_result = dict(row._mapping)
            for row in connection.execute(text(f"SELECT * FROM geolocation_data LIMIT {random_row}, 1")):
                geo_result = dict(row._mapping)
            for row in connection.execute(text(f"SELECT * FROM user_data LIMIT {random_row}, 1")):
                user_result = dict(row._mapping)
        geo_result["timestamp"] = geo_result["timestamp"].strftime("%Y-%m-%d %H:%M:%S")
        user_result["date_joined"] = user_result["date_joined"].strftime("%Y-%m-%d %H:%M:%S")
        send_to_topic("pin", pin_result)
        send_to_topic("geo", geo_result)
        send_to_topic("user", user_result)


if __name__ == "__main__":
    run_infinite_post_data_loop()

import dataclasses

import pytest

from helpers.kafka import sink_objects

pytestmark = pytest.mark.lab


@pytest.fixture
def own(workbook):
    mine = dataclasses.replace(workbook, id="00000000a1b2")
    sink_objects.create_bucket(mine)
    return mine


def test_a_bucket_is_made_once(own):
    assert sink_objects.create_bucket(own) == "was there"


def test_only_objects_of_the_topics_count_in_their_order(own):
    s3 = own.client("s3")
    pin = f"topics/{own.topic('pin')}/partition=0/{own.topic('pin')}+0+"
    other = "topics/course.pin/partition=0/course.pin+0+0000000000.json"
    for key in (f"{pin}0000000010.json", f"{pin}0000000002.json", f"{pin}2.json.part", "topics/readme.txt", other):
        s3.put_object(Bucket=own.bucket, Key=key, Body=b'{"index":1}\n')
    assert [item.offset for item in sink_objects.objects(own)] == [2, 10]
    assert [item.offset for item in sink_objects.objects(own, since={own.topic("pin"): 3})] == [10]
    assert sink_objects.text(own, f"{pin}0000000002.json") == '{"index":1}\n'


def test_an_empty_folder_has_no_objects(own):
    assert sink_objects.objects(own, "nowhere") == []

import dataclasses

import pytest

from helpers import landing

pytestmark = pytest.mark.lab


@pytest.fixture
def own(workbook):
    mine = dataclasses.replace(workbook, id="00000000a1b2")
    landing.create_bucket(mine)
    return mine


def test_a_bucket_is_made_once(own):
    assert landing.create_bucket(own) == "was there"


def test_only_objects_of_the_topics_count_in_their_order(own):
    s3 = landing.client(own)
    pin = f"topics/{own.topic('pin')}/partition=0/{own.topic('pin')}+0+"
    other = "topics/course.pin/partition=0/course.pin+0+0000000000.json"
    for key in (f"{pin}0000000010.json", f"{pin}0000000002.json", f"{pin}2.json.part", "topics/readme.txt", other):
        s3.put_object(Bucket=own.bucket, Key=key, Body=b'{"index":1}\n')
    assert [item.offset for item in landing.objects(own)] == [2, 10]
    assert [item.offset for item in landing.objects(own, since={own.topic("pin"): 3})] == [10]
    assert landing.text(own, f"{pin}0000000002.json") == '{"index":1}\n'


def test_an_empty_folder_has_no_objects(own):
    assert landing.objects(own, "nowhere") == []

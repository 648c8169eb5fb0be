"""Every incident: made, seen by its probes, repaired, well again; and what is said on the way."""

import dataclasses

import pytest

from helpers.kafka import client as kafka_client
from helpers.kafka import msk_connect
from helpers.waiting import wait_until
from lab.core.layout import CHECKOUT, LabError
from lab.incidents import drill, pipeline, probes
from lab.incidents.catalogue import INCIDENTS

pytestmark = pytest.mark.lab


@pytest.fixture(scope="module")
def built(lab, workbook):
    return pipeline.build(lab, workbook)


@pytest.mark.parametrize("number", INCIDENTS)
def test_an_incident_is_seen_and_once_repaired_all_is_well(built, monkeypatch, number):
    monkeypatch.setattr(probes, "SECONDS", 5)
    incident = INCIDENTS[number]
    built = dataclasses.replace(built, since=kafka_client.end_offsets(built.workbook))
    incident.break_it(built)
    try:
        wait_until(lambda: any(probe(built) for probe in incident.probes), 30, "the incident to be seen")
    finally:
        incident.repair(built)
    wait_until(lambda: not any(probe(built) for probe in incident.probes), 60, "all to be well")


def test_a_repair_that_steps_over_posts_is_no_repair(built, monkeypatch):
    monkeypatch.setattr(probes, "SECONDS", 5)
    built = dataclasses.replace(built, since=kafka_client.end_offsets(built.workbook))
    INCIDENTS[6].break_it(built)
    assert "comes to" in probes.posts_reach_the_bucket(built)
    msk_connect.put_connector(built.workbook, built.sink_properties())
    assert probes.posts_reach_the_bucket(built) is None
    assert f"1 of {built.workbook.topic('user')}" in probes.nothing_is_left_out(built)
    INCIDENTS[6].repair(built)
    assert probes.nothing_is_left_out(built) is None


def test_a_drill_from_its_briefing_to_its_end(lab, built):
    said = drill.begin(lab, 10, None)
    assert INCIDENTS[10].briefing in said
    assert INCIDENTS[10].cause not in said
    with pytest.raises(LabError, match="Incident 10 is under way"):
        drill.begin(lab, 1, None)
    assert drill.check(lab) == (False, "Not well yet: Kafka's tools on the client machine do not list the topics.")
    assert drill.hint(lab).startswith("Hint 1 of 2")
    INCIDENTS[10].repair(built)
    well, said = drill.check(lab)
    assert well
    assert "and 1 hint." in said
    assert INCIDENTS[10].cause in drill.tell(lab)
    for what in (drill.check, drill.hint, drill.undo):
        with pytest.raises(LabError, match="Incident 10 is over"):
            what(lab)


def test_a_seed_draws_the_same_incident_for_a_class(lab, built):
    drawn = set()
    for _ in range(2):
        drawn.add(drill.begin(lab, None, 7).partition(",")[0])
        drill.undo(lab)
    assert len(drawn) == 1


def test_one_that_is_not_there_is_named(lab):
    with pytest.raises(LabError, match="no incident 99"):
        drill.begin(lab, 99, None)


def test_every_briefing_keeps_the_cause_to_itself():
    for incident in INCIDENTS.values():
        assert incident.title.lower() not in incident.briefing.lower()
        assert len(incident.hints) >= 2
        assert 1 <= incident.level <= 3
    assert f"there are {len(INCIDENTS)}, of three levels" in (CHECKOUT / "docs" / "drills.md").read_text()

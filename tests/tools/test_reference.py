"""What the reference outputs hold: addresses as a learner's own lab has them."""

from lab.core.layout import PORTS, read_ports
from tools.reference import with_default_ports


def test_addresses_of_the_reference_lab_become_those_of_a_learners():
    ports = read_ports({"LAB_PORT_OFFSET": "13000"})
    shown = f"127.0.0.1:{ports['kafka']}, http://localhost:{ports['airflow']}/x, {ports['kafka']} rows, 10.0.0.1:22098"
    assert with_default_ports(shown, ports) == (
        f"127.0.0.1:{PORTS['kafka']}, http://localhost:{PORTS['airflow']}/x, {ports['kafka']} rows, 10.0.0.1:22098"
    )

"""The network of a strict lab, in a moto of this process."""

import pytest
from moto import mock_aws

from lab.aws.strict import network

ID = "abcdef012345"


@pytest.fixture
def brokers():
    """Subnets and groups of the brokers, in a network that was just laid."""
    with mock_aws():
        yield network.lay(ID)

import pytest

from lab.core.layout import Lab, LabError, read_ports


def test_a_variable_moves_one_port_and_the_offset_moves_all():
    ports = read_ports({"LAB_PORT_OFFSET": "1000", "LAB_S3_PORT": "9500"})
    assert ports["s3"] == 9500
    assert ports["kafka"] == 10098


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"LAB_S3_PORT": "nine"}, "LAB_S3_PORT='nine' is not a whole number"),
        ({"LAB_S3_PORT": "80"}, "outside 1024–65535"),
        ({"LAB_PORT_OFFSET": "60000"}, "LAB_PORT_OFFSET"),
        ({"LAB_S3_PORT": "8083"}, "s3 and connect both want port 8083"),
    ],
)
def test_a_wrong_port_is_named_with_its_variable(settings, words):
    with pytest.raises(LabError, match=words):
        read_ports(settings)


def test_the_folder_can_be_moved(tmp_path):
    lab = Lab.from_environment({"LAB_HOME": str(tmp_path / "elsewhere")})
    assert lab.credentials_file == tmp_path / "elsewhere" / "credentials.json"

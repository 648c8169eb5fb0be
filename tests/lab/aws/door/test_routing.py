"""Which resource of a REST API answers which path."""

import pytest

from lab.aws.api_gateway import routing


def api(*paths, methods=("ANY",)):
    return [{"path": path, "resourceMethods": {method: {"named": path} for method in methods}} for path in paths]


TREE = api("/", "/streams", "/streams/{stream}", "/streams/{stream}/record", "/topics/{proxy+}", "/{proxy+}")


@pytest.mark.parametrize(
    ("path", "resource", "values"),
    [
        ("/", "/", {}),
        ("", "/", {}),
        ("/streams", "/streams", {}),
        ("/streams/", "/streams", {}),
        ("//streams/mine", "/streams/{stream}", {"stream": "mine"}),
        ("/streams//record", "/{proxy+}", {"proxy": "streams//record"}),
        ("/streams/a%20b%2Fc", "/streams/{stream}", {"stream": "a b/c"}),
        ("/streams/mine/record", "/streams/{stream}/record", {"stream": "mine"}),
        ("/streams/mine/records", "/{proxy+}", {"proxy": "streams/mine/records"}),
        ("/topics/a.pin", "/topics/{proxy+}", {"proxy": "a.pin"}),
        ("/topics/a.pin/partitions/0", "/topics/{proxy+}", {"proxy": "a.pin/partitions/0"}),
        ("/topics", "/{proxy+}", {"proxy": "topics"}),
    ],
)
def test_what_is_spelt_out_comes_before_a_variable_and_that_before_the_rest(path, resource, values):
    found = routing.find(TREE, "GET", path)
    assert (found.resource_path, found.path_parameters) == (resource, values)


def test_a_method_of_its_own_comes_before_any():
    (resource,) = api("/a", methods=("ANY", "PUT"))
    resource["resourceMethods"]["PUT"]["named"] = "own"
    assert routing.find([resource], "PUT", "/a").method["named"] == "own"
    assert routing.find([resource], "GET", "/a").method["named"] == "/a"


def test_nothing_answers_what_is_not_there():
    assert routing.find(api("/a"), "GET", "/b") is None
    assert routing.find(api("/a"), "GET", "/a/b") is None
    assert routing.find(api("/a", methods=("PUT",)), "GET", "/a") is None
    assert routing.find(api("/{proxy+}"), "GET", "/") is None
    assert routing.find([{"path": "/a"}], "GET", "/a") is None

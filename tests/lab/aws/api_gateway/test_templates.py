"""Mapping templates: what API Gateway's variables give, and what never gets through."""

import base64
import json

import pytest
from multidict import CIMultiDict

from helpers.gateway import kinesis_proxy
from lab.aws.api_gateway import json_path, templates
from lab.aws.api_gateway.errors import GatewayRefusal
from lab.aws.api_gateway.requests import Invocation
from lab.aws.api_gateway.routing import Match
from lab.aws.api_gateway.stages import Stage
from lab.aws.protocol import Call

BODY = {"text": 'a "quoted" it\'s\nline é', "number": 7, "list": [{"a-b": 1}, {"a-b": "two"}], "none": None,
        "mixed": ["a", 1, None, True, {"b": "é"}], "padded": " Ab c "}  # fmt: skip

AWSS_TUTORIAL = """{"StreamName": "$input.params('stream-name')", "Records": [
  #foreach($elem in $input.path('$.records'))
    {"Data": "$util.base64Encode($elem.data)", "PartitionKey": "$elem.partition-key"}#if($foreach.hasNext),#end
  #end
]}"""
"""In the form in which API Gateway's documentation has a Kinesis proxy."""


def invocation(query="stream-name=of-the-query&page=2"):
    headers = CIMultiDict({"Host": "h", "X-Mine": "m", "page": "of the header"})
    call = Call("PUT", "/streams/s/record", query, headers, b"")
    return Invocation(
        call, Stage("api", "prod", {"colour": "blue"}, []), Match("/streams/{x}", {}, {"stream-name": "s"})
    )


def rendered(template, body=BODY):
    return templates.render(template, invocation(), body if isinstance(body, str) else json.dumps(body))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$input.params('stream-name')", "s"),  # the path before the query string, and that before the headers
        ("$input.params('page') $input.params('X-Mine') [$input.params('none')]", "2 m []"),
        ("$input.params().querystring.get('page')", "2"),
        ("$input.json('$.number') $input.json('$.list[1]')", '7 {"a-b":"two"}'),
        ("$input.json('$.nothing')", '""'),
        ("[$input.path('$.nothing')]", "[]"),
        ("#if($input.path('$.nothing') == '')none#{else}some#end", "none"),
        ("$input.path('$.list')[0].a-b $input.path('$.list').size()", "1 2"),
        ("#foreach($one in $input.path('$.list'))$one.a-b#if($foreach.hasNext),#end#end", "1,two"),
        ('#foreach($i in [0, 1])$input.json("$.list[$i].a-b")#end', '1"two"'),
        ("$util.parseJson('{\"a\": [1, 2]}').a[1]", "2"),
        ("$util.urlEncode('a b&c') $util.urlDecode('a+b%26c')", "a+b%26c a b&c"),
        ("$util.base64Decode($util.base64Encode('é'))", "é"),
        ("$context.stage $context.httpMethod $context.identity.sourceIp", "prod PUT 127.0.0.1"),
        ("$stageVariables.colour", "blue"),
        # a list of the body is Jayway's JSONArray, an object a LinkedHashMap
        ("$input.path('$.mixed')", '["a",1,null,true,{"b":"é"}]'),
        ("$input.path('$.list[0]') $input.path('$.list')[1]", "{a-b=1} {a-b=two}"),
        ("$input.path('$.mixed')[3] #set($l = [1, 'x'])$l", "true [1, x]"),
        ("$input.path('$.list[*].a-b') $input.path('$..a-b') $input.path('$.list[5:]')", '[1,"two"] [1,"two"] []'),
        ("$input.json('$.list[*].a-b') $input.path('$.list.length()')", '[1,"two"] 2'),
        # Java's methods
        ("[$input.path('$.padded').trim()] $input.path('$.padded').trim().toUpperCase()", "[Ab c] AB C"),
        ("$input.path('$.padded').toLowerCase().trim().concat('!')", "ab c!"),
        ("#if($input.path('$.list[1].a-b').equals('two'))same#end", "same"),
        ("#if($input.params('page').equalsIgnoreCase('2'))same#end", "same"),
        ("$input.path('$.padded').trim().split(' ').get(1) $input.path('$.padded').indexOf('zz')", "c -1"),
        ("$input.path('$.padded').replaceAll('(b) (c)', '$2-$1').trim()", "Ac-b"),
        ("'abc'", "'abc'"),
        ("#set($text = 'abc')$text.substring(1) $text.length() $text.contains('b')", "bc 3 true"),
        ("$input.path('$.list[0]').containsKey('a-b') $input.path('$.list[0]').keySet()", "true [a-b]"),
        ("#foreach($e in $input.path('$.list[1]').entrySet())$e.key=$e.getValue()#end", "a-b=two"),
        ("#foreach($value in $input.path('$.list[1]'))$value#end", "two"),
        ("#foreach($n in [1..3])$n#end $input.path('$.number').toString().length()", "123 1"),
    ],
)
def test_what_the_variables_give(template, expected):
    assert rendered(template) == expected


def test_what_is_not_there_is_never_left_as_an_expression():
    assert rendered("[$nothing][$nothing.at.all][$input.path('$.list')[0].none][${none}]") == "[]" * 4


def test_text_that_looks_like_an_expression_is_data():
    body = {"Data": "$input.body #set($a = 1) $util.base64Encode('x')"}
    assert json.loads(rendered("$input.json('$.Data')", body)) == body["Data"]


def test_escaped_text_fits_between_quotes():
    escaped = rendered("$util.escapeJavaScript($input.path('$.text'))")
    assert json.loads('"' + escaped.replace("\\'", "'") + '"') == BODY["text"]
    assert "\\'" in escaped  # so does AWS, and it is not JSON: see the mapping template reference


@pytest.mark.parametrize("body", ['{"a":', "a=b", '{"a": NaN}', "[" * 100_000, "\ufffd"])
def test_a_body_that_is_no_json_is_refused_where_the_template_looks_into_it(body):
    with pytest.raises(GatewayRefusal, match="Could not parse request body into json") as refused:
        rendered("$input.json('$.a')", body)
    assert refused.value.status == 400
    assert rendered("$input.body", body) == body


def test_without_a_body_there_is_an_empty_object():
    assert rendered("$input.body $input.json('$')", "") == "{} {}"


def test_a_template_that_cannot_be_filled_in_is_an_error_of_the_api_and_told_in_the_log():
    made = invocation()
    with pytest.raises(GatewayRefusal) as refused:
        templates.render("$input.json('$.a[?(@.b)]')", made, "{}")
    assert refused.value.status == 500
    assert "no JSONPath that the lab evaluates" in made.log[-1]


@pytest.mark.parametrize("call", ["$input.path('$.text').lower()", "$input.path('$.list').sort()", "$util.nope('x')"])
def test_a_method_that_the_lab_lacks_is_an_error_that_names_it(call):
    made = invocation()
    with pytest.raises(GatewayRefusal) as refused:
        templates.render(call, made, json.dumps(BODY))
    assert refused.value.status == 500
    assert "The lab's templates have no" in made.log[-1]
    assert "AWS may" in made.log[-1]


def test_pythons_own_attributes_are_not_there():
    template = "[$input.path('$.text').lower][$input.path('$.list').sort][$input.path('$.list[0]').items]"
    assert rendered(template) == "[]" * 3


def test_a_template_that_is_no_velocity_is_refused():
    with pytest.raises(ValueError, match="#end"):
        templates.check("#foreach($a in $b) no end")


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$", {"a": [{"b c": 1}, 2]}),
        ("$.a[0]['b c']", 1),
        ("$.a[-1]", 2),
        ("$.a[2]", None),
        ("$.a.b", None),
        ("$[0]", None),
    ],
)
def test_a_path_leads_to_one_place(path, found):
    assert json_path.find({"a": [{"b c": 1}, 2]}, path) == found


@pytest.mark.parametrize("path", ["a", "$.a[?(@.b)]", "$.a.sum()", "$.", "$['a"])
def test_other_paths_are_refused(path):
    with pytest.raises(ValueError, match="JSONPath"):
        json_path.find({"a": [1]}, path)


@pytest.mark.parametrize("template", [AWSS_TUTORIAL, kinesis_proxy.PUT_RECORDS], ids=["AWS's", "ours"])
def test_a_list_of_records_becomes_a_list_of_records(template):
    records = [{"data": "one", "partition-key": "k1"}, {"data": "two", "partition-key": "k2"}]
    made = json.loads(rendered(template, {"records": records}))
    assert made["StreamName"] == "s"
    assert [record["PartitionKey"] for record in made["Records"]] == ["k1", "k2"]
    data = [base64.b64decode(record["Data"]).decode().strip('"') for record in made["Records"]]
    assert data == ["one", "two"]
    assert json.loads(rendered(template, {"records": []}))["Records"] == []


@pytest.mark.parametrize("data", [{"a": [1, "é\n\"'$x"]}, [1], "text", 7, None, False])
def test_any_json_is_data(data):
    asked = {"Data": data, "PartitionKey": "k", "records": [{"data": data, "partition-key": "k"}]}
    one = json.loads(rendered(kinesis_proxy.PUT_RECORD, asked))
    (many,) = json.loads(rendered(kinesis_proxy.PUT_RECORDS, asked))["Records"]
    for record in (one, many):
        assert json.loads(base64.b64decode(record["Data"])) == ("" if data is None else data)
        assert record["PartitionKey"] == "k"

"""Mapping templates: what API Gateway's variables give, and what never gets through."""

import base64
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
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
        # an object prints as Java's map (LocalStack has recorded it of API Gateway, pull request 12379); AWS's pages do
        # not say what $util makes of one, so it is what prints
        ("$util.base64Decode($util.base64Encode($input.path('$.list[1]')))", "{a-b=two}"),
        ("$util.base64Decode($util.base64Encode($input.json('$.list[1]')))", '{"a-b":"two"}'),
        ("$util.escapeJavaScript($input.path('$.list[0]')) $util.urlEncode($input.path('$.list[0]'))",
         "{a-b=1} %7Ba-b%3D1%7D"),
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


VALUES = {"number": 7, "num": "42", "whole": True, "big": 1e10, "tiny": 1e-5, "emoji": "a😀b", "list": [{"a-b": 1}],
          "url": ["http://x/y"], "control": "\x7f\u2028", "text": "a b"}  # fmt: skip


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$input.path('$.big') $input.path('$.tiny') $input.json('$.big')", "1.0E10 1.0E-5 1.0E10"),
        ("#set($x = 123456789.5)$x #set($x = 1.0)$x", "1.234567895E8 1.0"),
        ("$input.path('$.url') $input.json('$.url')", '["http:\\/\\/x\\/y"] ["http://x/y"]'),
        ("$input.json('$.control')", '"\\u007F\\u2028"'),
        ("$input.path('$.emoji').length() $input.path('$.emoji').indexOf('b')", "4 3"),
        ("$input.path('$.emoji').substring(1, 3)", "😀"),
        ("#set($x = -7 / 2)$x #set($x = 7.0 / 2)$x #set($x = -7 % 4)$x", "-3 3.5 -3"),
        ("#set($x = 'x' + 1)$x #set($x = $input.path('$.num') + 1)$x", "x1 421"),
        ("#set($x = 1 / 0)[$x]#set($x = $nothing + 1)[$x]", "[][]"),
        ("#set($l = $input.path('$.list'))#set($l = $l + 'x')$l", '[{"a-b":1}]x'),
        ("#if($input.path('$.number') == '7')same#end #if($input.path('$.whole') == 'true')same#end", "same same"),
        ("#if('1' == 1.0)same#{else}other#end #if(1 == 1.0)same#end", "other same"),
        ("#if('a' < 'b')less#{else}no#end #if($nothing > 1)more#{else}no#end", "no no"),
        ("#foreach($c in $input.path('$.text'))[$c]#end#foreach($c in $input.path('$.number'))[$c]#end", ""),
        ("#foreach($i in [1, 2])#set($last = $i)#end$last$i", "2"),
        ("#foreach($i in [1..2])#foreach($j in [1..2])$foreach.parent.index$foreach.index,#end#end", "00,01,10,11,"),
        ("$input.path('$.list').empty $input.path('$.text').empty $input.path('$.text').blank", "false false false"),
        ("$util.urlEncode('~*') $util.urlEncode($input.path('$.number')) [$util.urlEncode($nothing)]", "%7E* 7 []"),
    ],
)
def test_the_language_is_as_the_real_engines_have_it(template, expected):
    """Each answer is that of Apache Velocity 2.4.1 with json-path 2.9.0; 750 templates were compared."""
    assert rendered(template, VALUES) == expected


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("#if($nothing)yes#end#if(!$nothing)no#end", "yes"),
        ("#set($i = 1)$i,#foreach($i in [2, 3])$i,#set($i = $i)#end$i", "1,2,3,1"),
        ("#foreach($i in [])$i#end$i", ""),
    ],
)
def test_where_api_gateway_is_no_plain_velocity_it_is_followed(template, expected):
    """API Gateway's own answers, as LocalStack has recorded them."""
    assert rendered(template) == expected


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("#foreach($i in [1..3])#if($i == 2)#break#end$i#end", "#break"),
        ("#macro(m $x)<$x>#end#m(1)", "#macro"),
        ("#evaluate('$x')", "#evaluate"),
        ("#[[ raw $input ]]#", "#[["),
        ("#set($a = 1)\\\\$a", "\\\\"),
        ("#parse('x')", "#parse"),
    ],
)
def test_what_would_come_out_otherwise_is_refused_by_its_name(template, named):
    with pytest.raises(ValueError, match="The lab's templates have no") as refused:
        templates.check(template)
    assert f"no {named};" in str(refused.value)


def test_comments_and_colours_are_not_taken_for_what_is_refused():
    templates.check("## #break here\n#* #macro *# #ff0000 \\#macro #parser")


@pytest.mark.parametrize(
    "call",
    ["$input.path('$.text').class", "$input.path('$.text').bytes", "$input", "$input.path('$.list[*].length()')"],
)
def test_what_the_lab_cannot_print_or_count_as_java_does_is_an_error(call):
    with pytest.raises(GatewayRefusal) as refused:
        rendered(call)
    assert refused.value.status == 500


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


PIECES = st.sampled_from([
    "$input", ".path('$.list')", ".json('$')", "$", "#", "{", "}", "(", ")", "[0]", "#if(", "#else", "#end",
    "#set($a = ", "#foreach($a in ", "$a", "$!{a}", ".size()", ".get(", "'", '"', "1", " + ", " / 0", " == ", "&&",
    "!", "\\", "##", "$util.base64Encode(", "$util.parseJson('[')", "..", ",", " ", "\n", "é", "\0",
])  # fmt: skip


@given(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=20) | st.just(json.dumps(BODY)))
def test_whatever_stands_in_a_template_or_a_body_ends_in_text_or_in_a_refusal(template, body):
    with contextlib.suppress(ValueError, GatewayRefusal):
        templates.check(template)
        assert isinstance(rendered(template, body), str)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(ANY_JSON)
def test_json_that_a_template_writes_is_the_json_that_came(value):
    assert json.loads(rendered("$input.json('$.x')", {"x": value})) == ("" if value is None else value)

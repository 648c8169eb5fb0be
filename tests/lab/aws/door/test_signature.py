"""Signatures as botocore makes them are accepted; whatever was changed, stale or missing is refused in AWS's words."""

import dataclasses
from datetime import timedelta

import pytest
from multidict import CIMultiDict
from signed import HOST, KEY, NOW, call, check, signed

from lab.aws.errors import AwsError

FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
TEMPORARY = dataclasses.replace(KEY, id="ASIAIOSFODNN7EXAMPLE", token="to/ken+=", expires=NOW + timedelta(hours=1))
SERVICES = ("sts", "iam", "ec2", "s3", "kinesis", "apigateway", "kafka")

CALLS = {
    "form": call("POST", "/", b"Action=GetCallerIdentity&Version=2011-06-15", FORM),
    "nothing": call(),
    "blank query": call("GET", "/?a=&b&c=1"),
    "query out of order": call("GET", "/?b=2&a=1&a=0&A=3"),
    "blanks and signs": call("GET", "/a%20b/c%2Bd%3De/f~g?x=%20%2B%3D%26&y=a%20b"),
    "unicode": call("GET", "/caf%C3%A9/%E9%9D%99?n=%C3%A9"),
    "slash in a label": call("GET", "/restapis/a%2Fb/x%3Ay"),
    "colon and star": call("GET", "/v1/arn%3Aaws%3Akafka%3A%2A/x"),
    "headers": call("PUT", "/k", b"body", {"X-Amz-Meta-B": "two  blanks ", "X-Amz-Meta-A": "é", "Content-Type": "a/b"}),
    "binary body": call("POST", "/", bytes(range(256)) * 40, {"Content-Type": "application/octet-stream"}),
    "another method": call("DELETE", "/x"),
}


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("key", [KEY, TEMPORARY], ids=["long", "temporary"])
def test_what_botocore_signs_is_accepted(service, name, key):
    found = check(signed(service, CALLS[name], key), key)
    assert (found.key_id, found.service, found.region) == (key.id, service, "us-east-1")


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("name", ["nothing", "blank query", "blanks and signs", "unicode", "another method"])
@pytest.mark.parametrize("key", [KEY, TEMPORARY], ids=["long", "temporary"])
def test_a_presigned_url_is_accepted_until_it_ends(service, name, key):
    seen = signed(service, CALLS[name], key, presigned=600)
    check(seen, key, NOW + timedelta(seconds=600))
    with pytest.raises(AwsError, match="Request has expired") as refused:
        check(seen, key, NOW + timedelta(seconds=601))
    assert (refused.value.code, refused.value.status) == ("AccessDenied", 403)


@pytest.mark.parametrize("key", ["a/../b", "./a", "a//b", "a;b", "a%2Fb", "a%20%C3%A9+=", "é"])
def test_s3_keys_are_signed_as_they_are(key):
    check(signed("s3", call("GET", f"/bucket/{key}")))


def test_a_header_given_twice_is_signed_with_both_values():
    seen = signed("s3", call("PUT", "/b/k", b"", {"X-Amz-Meta-A": "1,2"}))
    headers = CIMultiDict(seen.headers)
    del headers["X-Amz-Meta-A"]
    headers.extend([("x-amz-meta-a", "1"), ("x-amz-meta-a", "2")])
    check(dataclasses.replace(seen, headers=headers))
    headers.add("x-amz-meta-a", "3")
    with pytest.raises(AwsError, match="does not match"):
        check(dataclasses.replace(seen, headers=headers))


WORDS = {
    "sts": ("InvalidClientTokenId", "SignatureDoesNotMatch", "SignatureDoesNotMatch", "ExpiredToken"),
    "iam": ("InvalidClientTokenId", "SignatureDoesNotMatch", "SignatureDoesNotMatch", "ExpiredToken"),
    "ec2": ("AuthFailure", "SignatureDoesNotMatch", "RequestExpired", "RequestExpired"),
    "s3": ("InvalidAccessKeyId", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "ExpiredToken"),
    "kinesis": (
        "UnrecognizedClientException", "InvalidSignatureException", "InvalidSignatureException",
        "ExpiredTokenException",
    ),
    "apigateway": (
        "UnrecognizedClientException", "InvalidSignatureException", "InvalidSignatureException",
        "ExpiredTokenException",
    ),
}  # fmt: skip
"""Service → codes for an unknown key, a wrong signature, a wrong time, a temporary key that is over."""


def refused(seen, key=KEY, now=NOW):
    with pytest.raises(AwsError) as error:
        check(seen, key, now)
    return error.value


@pytest.mark.parametrize("service", WORDS)
def test_each_service_refuses_in_its_own_words(service):
    unknown, mismatch, late, over = WORDS[service]
    nobody = dataclasses.replace(KEY, id="AKIANOBODY")
    assert refused(signed(service, key=nobody)).code == unknown
    wrong = dataclasses.replace(KEY, secret="wrong")
    assert refused(signed(service, key=wrong)).code == mismatch
    assert "Check your AWS Secret Access Key" in refused(signed(service, key=wrong)).message
    six_minutes = timedelta(minutes=6)
    assert refused(signed(service), now=NOW + six_minutes).code == late
    assert (
        "Signature expired: 20261124T120500Z is now earlier" in refused(signed(service), now=NOW + six_minutes).message
    )
    assert refused(signed(service), now=NOW - six_minutes).code == late
    assert "not yet current" in refused(signed(service), now=NOW - six_minutes).message
    ended = refused(signed(service, key=TEMPORARY, at=TEMPORARY.expires), TEMPORARY, TEMPORARY.expires)
    assert ended.code == over


@pytest.mark.parametrize("service", WORDS)
@pytest.mark.parametrize("token", [None, "to/ken+", ""])
def test_a_temporary_key_needs_its_own_token(service, token):
    other = dataclasses.replace(TEMPORARY, token=token)
    words = {"s3": "InvalidToken"}.get(service, WORDS[service][0])
    assert refused(signed(service, key=other), TEMPORARY).code == words


def test_a_long_term_key_comes_without_a_token():
    with_token = dataclasses.replace(KEY, token="x")
    assert refused(signed("sts", key=with_token)).code == "InvalidClientTokenId"


SEEN = signed("iam", call("POST", "/a/b?c=1&d=2", b"Action=ListUsers", FORM | {"X-Amz-Target": "T.A"}))


def with_header(name, value):
    headers = CIMultiDict(SEEN.headers)
    headers[name] = value
    return dataclasses.replace(SEEN, headers=headers)


def without_header(name):
    headers = CIMultiDict(SEEN.headers)
    del headers[name]
    return dataclasses.replace(SEEN, headers=headers)


@pytest.mark.parametrize(
    "changed",
    [
        dataclasses.replace(SEEN, body=b"Action=DeleteUser"),
        dataclasses.replace(SEEN, body=b""),
        dataclasses.replace(SEEN, path="/a/c"),
        dataclasses.replace(SEEN, method="PUT"),
        dataclasses.replace(SEEN, query="c=1&d=3"),
        dataclasses.replace(SEEN, query="c=1"),
        dataclasses.replace(SEEN, query="c=1&d=2&e="),
        with_header("Content-Type", "text/plain"),
        with_header("X-Amz-Target", "T.B"),
        without_header("X-Amz-Target"),
        with_header("Host", "localhost:4566"),
        with_header("X-Amz-Date", "20261124T120001Z"),
        with_header("Authorization", SEEN.headers["Authorization"].replace("/iam/", "/sts/")),
        with_header("Authorization", SEEN.headers["Authorization"].replace("/us-east-1/", "/eu-west-1/")),
        with_header("Authorization", SEEN.headers["Authorization"].replace("/20261124/", "/20261123/")),
        with_header("Authorization", SEEN.headers["Authorization"].replace("Credential=AKIA", "Credential=AKIB")),
        with_header("Authorization", SEEN.headers["Authorization"].replace("content-type;", "")),
        dataclasses.replace(SEEN, path="/a\udce9"),
        with_header("X-Amz-Target", "\udce9"),
    ],
)
def test_whatever_was_changed_on_the_way_is_noticed(changed):
    check(SEEN)
    assert refused(changed).status == 403


def test_the_host_must_be_signed():
    headers = SEEN.headers["Authorization"].replace("host;", "")
    assert "'Host' must be" in refused(with_header("Authorization", headers)).message


@pytest.mark.parametrize("service", ["s3", "kinesis"])
def test_nothing_with_a_meaning_can_be_added_to_a_presigned_url(service):
    seen = signed(service, call("PUT", "/bucket/key"), presigned=60)
    seen.headers["X-Amz-Copy-Source"] = "/other/secret"
    assert "not signed: x-amz-copy-source" in refused(seen).message


def test_a_captured_request_is_good_for_five_minutes_and_for_nothing_else():
    check(SEEN, now=NOW + timedelta(minutes=5))
    assert "Signature expired" in refused(SEEN, now=NOW + timedelta(minutes=6)).message
    assert refused(dataclasses.replace(SEEN, body=b"Action=CreateUser")).code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("end", ["&X-Amz-Expires=604800", "&X-Amz-Date=20261124T130000Z", "&x=1"])
def test_the_life_of_a_presigned_url_is_signed_with_it(end):
    seen = signed("s3", call("GET", "/b/k"), presigned=60)
    assert refused(dataclasses.replace(seen, query=seen.query + end)).status in (400, 403)


@pytest.mark.parametrize("seconds", ["0", "-1", "604801", "x", "", "١"])
def test_the_life_of_a_presigned_url_has_bounds(seconds):
    seen = signed("s3", call("GET", "/b/k"), presigned=60)
    error = refused(dataclasses.replace(seen, query=seen.query.replace("Expires=60", f"Expires={seconds}")))
    assert error.code == "AuthorizationQueryParametersError"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer abc",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request",
        SEEN.headers["Authorization"].replace("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
        SEEN.headers["Authorization"].replace("aws4_request", "aws5_request"),
        SEEN.headers["Authorization"].replace("/iam/", "/"),
        SEEN.headers["Authorization"][:-1],
        SEEN.headers["Authorization"][:-1] + "é",
        SEEN.headers["Authorization"][:-1] + "G",
        SEEN.headers["Authorization"] + ", Signature=x",
    ],
)
def test_a_garbled_authorization_is_called_incomplete(header):
    assert refused(with_header("Authorization", header)).code == "IncompleteSignature"


@pytest.mark.parametrize(
    "date",
    ["", "20261399T000000Z", "2026-11-24T12:00:00Z", "20261124T1200Z", "١٠٢٦١١٢٤T120000Z", "2026112T120000Z", "x"],
)
def test_a_malformed_date_is_named(date):
    error = refused(with_header("X-Amz-Date", date))
    assert error.code == "IncompleteSignature"
    assert repr(date) in error.message


@pytest.mark.parametrize("date", ["00010101T000000Z", "99991231T235959Z"])
def test_the_ends_of_time_are_another_time(date):
    assert refused(with_header("X-Amz-Date", date)).status == 403


def test_who_does_not_sign_is_told_what_is_missing():
    assert refused(call()).code == "MissingAuthenticationToken"


def test_two_signatures_are_one_too_many():
    seen = signed("s3", call("GET", "/b/k"), presigned=60)
    seen.headers["Authorization"] = SEEN.headers["Authorization"]
    assert "Only one auth mechanism" in refused(seen).message


def test_another_region_is_named_with_ours():
    message = refused(signed("kinesis", region="eu-west-1")).message
    assert "not 'eu-west-1': the lab is in us-east-1" in message


def test_a_stated_digest_must_be_the_bodys():
    seen = signed("s3", call("PUT", "/b/k", b"one"))
    assert refused(dataclasses.replace(seen, body=b"two")).code == "XAmzContentSHA256Mismatch"
    seen.headers["X-Amz-Content-SHA256"] = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"
    assert refused(seen).code == "NotImplemented"


def test_only_s3_takes_an_unsigned_body():
    for service, wanted in (("s3", None), ("kinesis", "XAmzContentSHA256Mismatch")):
        unsigned = call("PUT", "/b/k", b"one", {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
        seen = signed(service, unsigned)
        if wanted:
            assert refused(seen).code == wanted
        else:
            seen.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
            assert refused(seen).code == "SignatureDoesNotMatch", "it was signed with a digest"


def test_secrets_are_not_shown():
    assert "wJalr" not in repr(KEY)
    assert "to/ken" not in repr(TEMPORARY)
    assert HOST in SEEN.url

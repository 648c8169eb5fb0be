"""The way to the brokers: settings for Kafka clients, and in words why a broker cannot be reached."""

import logging
import re
import threading
import time
from dataclasses import dataclass

from confluent_kafka import KafkaError

from lab.rest_proxy.errors import KAFKA_RETRIABLE, UNAUTHENTICATED, Problem
from lab.rest_proxy.settings import Settings
from lab.rest_proxy.sign_in import SignInError, Tokens

log = logging.getLogger(__name__)

REPEAT_SECONDS = 30
"""How long the same trouble is not written to the log again."""


@dataclass(frozen=True)
class Trouble:
    """Why the brokers cannot be reached.

    Attributes
    ----------
    words : str
        What is wrong, and what to do.
    refused : bool
        Whether the credentials are at fault.
    lasting : bool
        Whether waiting cannot help: somebody must change something.
    """

    words: str
    refused: bool = False
    lasting: bool = False


class Brokers:
    """Makes settings for Kafka clients and listens to their complaints.

    Parameters
    ----------
    settings : Settings
        Tells the brokers, the authority to trust, and how to sign in.
    tokens : Tokens
        Signs in.
    """

    def __init__(self, settings: Settings, tokens: Tokens):
        self.servers = settings.bootstrap_servers
        self._authority = settings.authority
        self._tokens = tokens
        self._trouble: Trouble | None = None
        self._heard = 0.0
        self._lock = threading.Lock()

    def client(self) -> dict[str, object]:
        """Give the settings that every Kafka client of the proxy has."""
        trust = {"ssl.ca.location": self._authority} if self._authority else {}
        return trust | {
            "bootstrap.servers": self.servers,
            "client.id": "kafka-rest",
            "security.protocol": "SASL_SSL",
            "sasl.mechanisms": "OAUTHBEARER",  # the other form of MSK's IAM: librdkafka does not speak AWS_MSK_IAM
            "oauth_cb": self._token,
            "error_cb": self.hear,
            "logger": _silent(),  # what matters comes as an error, and is said in words
            # back soon after an outage
            "reconnect.backoff.ms": 100,
            "reconnect.backoff.max.ms": 1000,
            "socket.connection.setup.timeout.ms": 5000,
            "socket.timeout.ms": 15_000,
        }

    def _token(self, _: str) -> tuple[str, float]:
        try:
            return self._tokens.token()
        except SignInError as error:
            self._remember(Trouble(str(error), refused=True, lasting=True))
            raise

    def hear(self, error: KafkaError) -> None:
        """Take note of a client's complaint."""
        if error.code() == KafkaError._ALL_BROKERS_DOWN and self._trouble:
            return  # the reason is known
        if trouble := explain(error, self.servers, self._tokens.whose(), self._authority):
            self._remember(trouble)

    def _remember(self, trouble: Trouble) -> None:
        with self._lock:
            now = time.monotonic()
            if trouble != self._trouble or now - self._heard > REPEAT_SECONDS:
                log.error(trouble.words)
                self._heard = now
            self._trouble = trouble

    def well(self) -> None:
        """Take note that a broker has answered."""
        if self._trouble:
            with self._lock:
                self._trouble = None
            log.info("Kafka at %s answers.", self.servers)

    @property
    def trouble(self) -> Trouble | None:
        """Why the brokers cannot be reached; None if they can, as far as is known."""
        return self._trouble

    def silent(self, seconds: float) -> Problem:
        """Say that an answer did not come in time, and why, if that is known."""
        trouble = self._trouble
        if trouble and trouble.refused:
            return Problem(UNAUTHENTICATED, f"Authentication failed. {trouble.words}")
        why = f" {trouble.words}" if trouble else ""
        return Problem(KAFKA_RETRIABLE, f"Retriable Kafka error: no answer within {seconds:g} s.{why}", retry_after=5)


def explain(error: KafkaError, servers: str, whose: str, authority: str) -> Trouble | None:
    """Say in words what a client complains of.

    Parameters
    ----------
    error : KafkaError
        The complaint.
    servers, whose, authority : str
        The brokers, whose credentials are used, and the file with the authority that is trusted.

    Returns
    -------
    Trouble or None
        None for what concerns one request or one consumer, and is told there.
    """
    code, text = error.code(), error.str()
    if code == KafkaError._AUTHENTICATION:
        if "token" in text and "SASL authentication error" not in text:
            return None  # no token, and whoever should have made it has said why
        found = re.search(r'Access denied: ([^"]*)', text)
        reason = found[1] if found else text
        return Trouble(
            f"Kafka at {servers} does not let the proxy in: {reason}. It signs in with {whose}: "
            "look at them, and at what their policies allow.",
            refused=True, lasting=True,
        )  # fmt: skip
    if code == KafkaError._RESOLVE:
        return Trouble(f"bootstrap.servers is {servers!r}: no such host is known ({_short(text)}).", lasting=True)
    if code == KafkaError._SSL:
        trusted = f"the authority in {authority}" if authority else "an authority that this machine trusts"
        return Trouble(
            f"Kafka at {servers} cannot prove by TLS who it is ({_short(text)}). Its certificate must be signed by "
            f"{trusted}; KAFKA_REST_AUTHORITY names the file.",
            lasting=True,
        )
    if code in (KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT):
        return Trouble(f"No Kafka broker answers at {servers} ({_short(text)}). Does the cluster run?")
    return None


def _short(text: str) -> str:
    """Leave out what librdkafka adds for its developers."""
    text = re.sub(r"^\S+?://\S+: ", "", text)
    return re.sub(r" \(after \d+ms in state [\w-]+.*", "", text)


def _silent() -> logging.Logger:
    logger = logging.getLogger("librdkafka")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return logger

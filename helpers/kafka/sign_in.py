"""Make kafka-python say at once when a broker refuses the credentials, instead of trying until its time is up."""

from kafka.errors import SaslAuthenticationFailedError
from kafka.net.compat import KafkaNetClient
from kafka.net.manager import KafkaConnectionManager
from kafka.net.selector import NetworkSelector
from kafka.net.transport import KafkaTCPTransport


class _Manager(KafkaConnectionManager):
    """Hears a broker's refusal and remembers it: the next attempt to reach that broker raises it.

    kafka-python has the memory for it, but fills it only with errors that come from outside the connection. And it
    throws away what it reads together with the end of a connection, which is where a refusal stands.
    """

    async def _build_transport(self, node, timeout_at=None):
        return _hear_last_words(await super()._build_transport(node, timeout_at))

    async def _connect(self, node, conn, **options):
        await super()._connect(node, conn, **options)
        refusal = conn.init_future.exception
        if isinstance(refusal, SaslAuthenticationFailedError):
            self._auth_failures[node.node_id] = refusal


def _hear_last_words(transport: KafkaTCPTransport) -> KafkaTCPTransport:
    receive = transport._sock_recv

    def receive_data_before_errors():
        data, error = receive()
        return data, None if data else error  # the next call meets the error again

    transport._sock_recv = receive_data_before_errors
    return transport


def network_client(**settings: object) -> KafkaNetClient:
    """Make what a producer, a consumer or an admin client talks through: their setting ``kafka_client``."""
    network = NetworkSelector(**settings)
    return KafkaNetClient(network, _Manager(network, **settings))

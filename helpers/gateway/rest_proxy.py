"""The REST proxy on the client machine: its properties file, how it is started and stopped."""

from helpers.client_machine.ssh import ClientMachine, ClientMachineError
from helpers.kafka import client as kafka_client
from helpers.waiting import wait_until

FOLDER = "kafka-rest"
PROPERTIES = f"{FOLDER}/etc/kafka-rest/kafka-rest.properties"
START_SECONDS = 30

DEFAULT_PORT = 8082
"""Where the proxy listens unless ``listeners`` says otherwise (Confluent REST Proxy, configuration options)."""


def properties(bootstrap_servers: str, role: str, prefix: str = "client.") -> str:
    """Write what a learner adds to the properties file.

    Parameters
    ----------
    bootstrap_servers : str
        ``host:port`` of the brokers, joined by commas.
    role : str
        ARN of the role to sign in as.
    prefix : str
        Goes before the keys that are meant for the proxy's Kafka clients.
    """
    return f"bootstrap.servers={bootstrap_servers}\n" + kafka_client.client_properties(role, prefix)


def configure(machine: ClientMachine, lines: str) -> None:
    """Put lines into the properties file, in place of those that were added before."""
    kept = [line for line in machine.read(PROPERTIES).splitlines() if line.startswith(("#", "listeners"))]
    machine.write(PROPERTIES, "\n".join(kept) + "\n" + lines)


def port(machine: ClientMachine) -> int:
    """Tell on which port the proxy listens: by its properties file, which as Confluent ships it names none."""
    lines = machine.read(PROPERTIES).splitlines()
    listeners = next((line for line in lines if line.startswith("listeners")), None)
    return int(listeners.rsplit(":", 1)[1]) if listeners else DEFAULT_PORT


def start(machine: ClientMachine) -> None:
    """Start the proxy in the background of the client machine, in place of one that runs, and wait until it answers.

    Raises
    ------
    ClientMachineError
        If it does not come up, with what it wrote.
    """
    stop(machine)
    machine.run(
        f"nohup {FOLDER}/bin/kafka-rest-start {PROPERTIES} > kafka-rest.log 2>&1 & echo $! > kafka-rest.pid"
    )
    wait_until(lambda: _has_started(machine), START_SECONDS, "the REST proxy to start; see kafka-rest.log")


def _has_started(machine: ClientMachine) -> bool:
    if "Server started" in machine.read("kafka-rest.log"):
        return True
    if not is_running(machine):
        raise ClientMachineError(f"The REST proxy did not start:\n{machine.read('kafka-rest.log').strip()}")
    return False


def is_running(machine: ClientMachine) -> bool:
    """Tell whether the proxy that `start` started lives."""
    return machine.run("kill -0 $(cat ~/kafka-rest.pid) 2> /dev/null", check=False).exit_code == 0


def stop(machine: ClientMachine) -> None:
    """Stop the proxy if it runs, and wait until it is gone."""
    machine.run(
        "test -f ~/kafka-rest.pid && kill $(cat ~/kafka-rest.pid) 2> /dev/null && "
        "for i in $(seq 100); do kill -0 $(cat ~/kafka-rest.pid) 2> /dev/null || break; sleep 0.1; done; "
        "rm -f ~/kafka-rest.pid"
    )

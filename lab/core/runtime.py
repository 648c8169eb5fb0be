"""What the parts of a lab are started with."""

from dataclasses import dataclass

from lab.core.credentials import Credentials, load_or_create
from lab.core.java import Java, find_java
from lab.core.layout import Lab


@dataclass(frozen=True)
class Runtime:
    """What a service is started with: the lab's folders and ports, its Java, its secrets."""

    lab: Lab
    java: Java
    credentials: Credentials


def existing_runtime(lab: Lab) -> Runtime:
    """Gather what is needed to talk to a lab that has been started before."""
    return Runtime(lab, find_java(lab.build), load_or_create(lab.credentials_file))

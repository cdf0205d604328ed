"""Local procedure calls: ports over which processes of one machine send each other messages.

    message        PORT_MESSAGE and the kinds of messages
    queue          what waits at a port, and requests that wait for their reply
    port           connection ports (named, a server's) and pairs of communication ports
    views          sections through which larger messages travel, mapped at both ends
    conversations  requests and replies, datagrams, questions back, ends of threads
    ports          the façade: creating and connecting

Messages of up to 256 bytes (512 on 64 bit) are copied twice, through the kernel. Larger ones lie in a section whose
views both ends were given when they connected; then only its offset travels. May use `mm`, `ob`, `ke`.
"""

from ntmm.kernel.lpc.message import Message, MessageType
from ntmm.kernel.lpc.port import CommunicationPort, ConnectionPort
from ntmm.kernel.lpc.ports import Client, Ports
from ntmm.kernel.lpc.views import PortView, ViewRequest

__all__ = [
    "Client",
    "CommunicationPort",
    "ConnectionPort",
    "Message",
    "MessageType",
    "PortView",
    "Ports",
    "ViewRequest",
]

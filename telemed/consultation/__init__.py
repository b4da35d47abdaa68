"""The live side of an appointment: tickets, the room and its socket, TURN credentials. See PROTOCOL.md."""

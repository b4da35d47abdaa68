"""What can be booked and by whom: terms of a service, people nearby first, the practice's own first assessment."""

"""Who waits for an earlier time, and how what becomes free is offered to one after the other."""

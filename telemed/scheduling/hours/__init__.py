"""When a doctor works: rules, closures and public holidays become openings; what a change of them leaves outside."""

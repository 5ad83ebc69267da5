"""openiads: an open simulator of integrated air and missile defence, from public figures only."""

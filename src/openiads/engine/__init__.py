"""The verbs: sense, decide, engage, and the loop that calls them in order of time."""

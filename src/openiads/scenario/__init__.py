"""From what a person writes to what the machine reads: YAML and catalogue to Model."""

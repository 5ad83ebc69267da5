"""Many replications: design, execution on all cores, statistics."""

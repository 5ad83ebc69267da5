"""The public record: who said what and when, and under which conditions it can be true."""

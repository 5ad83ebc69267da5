"""The globe in the browser."""

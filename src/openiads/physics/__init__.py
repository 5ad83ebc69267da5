"""Textbook laws: scalars in, scalars or a small tuple out, SI and radians, no state, no I/O."""

"""The nouns of air defence: what each is made of, and the laws it follows."""

"""One file for each kind of work: its data, the same for every peer, and how it is measured."""

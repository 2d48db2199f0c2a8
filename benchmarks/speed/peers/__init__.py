"""One file for each peer: what it does for each kind of work, as its users would write it.

A function named after the kind takes the workload's data and returns its phases, functions that are
called one after another, each with what the one before returned. The last returns a number by which
it is seen that all peers computed the same. A peer that has no such function cannot do the work, or
says in ``CANNOT`` why not.
"""

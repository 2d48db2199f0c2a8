class Plan:
    def __init__(self, p):
        self.program = p


def plan(p):
    return Plan(p)

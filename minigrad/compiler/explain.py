def explain(p):
    return str(p.program)

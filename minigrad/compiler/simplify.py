from minigrad.compiler.program import Program


def simplify(program):
    used = set()
    keep = [*program.checks, *program.writes.values(), *program.outputs]
    used.update(keep)
    ins = []
    for i in reversed(program.instructions):
        if i.out in used:
            ins.append(i)
            used.update(i.values)
    return Program(
        [v for v in program.inputs if v in used or v in program.writes],
        {v: c for v, c in program.constants.items() if v in used},
        ins[::-1],
        program.checks,
        program.writes,
        program.outputs,
    )

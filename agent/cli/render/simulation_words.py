from agent.cli.render.words import counted
from agent.model.duration import format_duration
from agent.simulator.whatif import Answer


def summary(answer: Answer) -> str:
    """Return the last line: whether what was promised is kept."""
    span = format_duration(answer.seconds)
    if answer.broken:
        return f"Simulated {span}: {counted(len(answer.broken), 'promise')} of availability broken"
    kept = sum(1 for one in answer.standings if one.promised)
    return f"Simulated {span}: {counted(kept, 'promise')} of availability kept"

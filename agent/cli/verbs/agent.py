import signal
from collections.abc import Mapping
from functools import partial
from queue import SimpleQueue
from typing import Final

import typer

from agent.cli import options
from agent.cli.config import config_file, open_config
from agent.cli.service.daemon import Word, hold
from agent.cli.service.logs import configure_log
from agent.cli.service.signals import heard
from agent.reconciler.threads import threads_suffice

app = typer.Typer(add_completion=False)

_WORDS: Final[Mapping[signal.Signals, Word]] = {
    signal.SIGTERM: "stop",
    signal.SIGINT: "stop",
    signal.SIGHUP: "look",
}


@app.command()
def agent(config: options.Config = None) -> None:
    """Hold the hosts to the source continuously, until stopped.

    It wakes on a push, the interval fetch, containerd's events and timers.
    SIGHUP: it reads the configuration again, and looks at everything now.
    SIGTERM, Ctrl-C: it ends, and every pod runs on.
    """
    configure_log()
    words: SimpleQueue[Word] = SimpleQueue()
    read = partial(open_config, config, to_run=True)
    with threads_suffice(), heard({number: partial(words.put, word) for number, word in _WORDS.items()}):
        hold(read(), words, config_file(config), read)

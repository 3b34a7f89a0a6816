"""Pods that somebody asked to be moved: what the fleet loop hears of them."""

from agent.reconciler.inbox import Inbox


def test_what_is_asked_is_heard_once_and_wakes_the_reader() -> None:
    woken = []
    inbox = Inbox()
    inbox.wake = lambda: woken.append(True)
    inbox.ask({"default/web-0": "a"})
    inbox.ask({"default/web-1": "b"})
    assert len(woken) == 2
    assert not inbox.current
    assert inbox.take().asked == {"default/web-0": "a", "default/web-1": "b"}
    inbox.done()
    assert inbox.take().asked == {}

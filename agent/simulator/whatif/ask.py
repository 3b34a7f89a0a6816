from typing import Final

from msgspec.structs import replace

from agent.model.objects.fleet import Fleet
from agent.model.origin import Revision
from agent.model.plan import Waiting
from agent.simulator.whatif.answer import Answer
from agent.simulator.whatif.capacity import drained
from agent.simulator.whatif.question import Happening, Question
from agent.simulator.whatif.story import Story
from agent.simulator.whatif.world import World

LONGEST_REST: Final = 600.0
"""How long an empty fleet may take to come to rest before the question is put all the same."""
_WORKING: Final = frozenset({"Job", "CronJob"})


def ask(question: Question) -> Answer:
    """Return what would happen: the real loops are run on imagined hosts. Nothing outside is touched."""
    return _Inquiry(question).answer()


class _Inquiry:
    def __init__(self, question: Question) -> None:
        self._question = question
        self._fleet = question.fleet
        self._drained: set[str] = set()
        self._changes = 0
        self._story = Story(question.agent, question.fleet)
        self._world = World(question, self._story)
        self._story.watch(self._world.machines)
        self._world.heard = self._heard

    def answer(self) -> Answer:
        question, world = self._question, self._world
        rested = self._rest() if not question.observations else self._go_on()
        begin = world.clock.now()
        self._story.begin(begin)
        for happening in sorted(question.happenings, key=lambda one: one.at):
            if happening.at <= question.seconds:
                world.run(begin + happening.at)
                self._happens(happening)
        world.run(begin + question.seconds)
        return Answer(
            revision=question.fleet.revision,
            start=begin,
            seconds=question.seconds,
            rested=rested,
            timeline=self._story.timeline.entries(),
            standings=self._story.availability.standings(question.seconds),
            peaks=self._story.peaks.answer(self._fleet, world.machines, live=bool(question.observations)),
            waiting=self._waiting(),
        )

    def _rest(self) -> float | None:
        """Have the fleet made from nothing, and let it come to rest."""
        start = self._world.clock.now()
        self._world.offer(self._fleet)
        rested = self._world.run(start + LONGEST_REST, enough=self._at_rest)
        return self._world.clock.now() - start if rested else None

    def _go_on(self) -> float:
        """Go on from what there is, and have the fleet of the question pushed, where that is another one."""
        question = self._question
        if question.before is not None and question.before.revision.id != question.fleet.revision.id:
            self._story.fleet = question.before
            self._world.offer(question.before, restored=True)
            self._world.run(self._world.clock.now())
            self._story.fleet = question.fleet
        self._world.offer(question.fleet)
        self._world.run(self._world.clock.now())
        return 0.0

    def _at_rest(self) -> bool:
        """Tell whether everything that lasts is ready, or waits for what will not come by itself."""
        now = self._world.snapshot()
        lasting = [one for one in now.fleet.statuses if one.key.kind not in _WORKING]
        return (
            now.fleet.current
            and bool(now.hosts)
            and all(host.settled or not host.seen for host in now.hosts)
            and all(one.phase != "Progressing" for one in lasting)
        )

    def _happens(self, happening: Happening) -> None:
        world, now = self._world, self._world.clock.now()
        machine = world.machines.get(happening.host)
        match happening.what:
            case "fail" if machine is not None and machine.up:
                self._story.timeline.add(now, "event", None, f"{happening.host} fails", host=happening.host)
                self._story.struck(machine)
                machine.fail()
            case "return" if machine is not None and not machine.up:
                self._story.timeline.add(now, "event", None, f"{happening.host} is back", host=happening.host)
                machine.come_back()
            case "drain":
                self._story.timeline.add(now, "event", None, f"{happening.host} is drained", host=happening.host)
                self._drained.add(happening.host)
                self._push(self._fleet)
            case "change" if happening.fleet is not None:
                revision = happening.fleet.revision
                self._story.timeline.add(now, "event", None, f"{revision.short} is pushed")
                self._push(happening.fleet)
        self._story.turned(now)

    def _push(self, fleet: Fleet) -> None:
        self._changes += 1
        self._fleet = drained(fleet, sorted(self._drained))
        name = f"{fleet.revision.id.partition('+')[0]}+{self._changes}"
        self._fleet = replace(self._fleet, revision=Revision(id=name, subject=fleet.revision.subject))
        self._story.fleet = self._fleet
        self._world.offer(self._fleet)

    def _heard(self, now: float) -> None:
        fleet = self._world.snapshot().fleet
        self._story.learned(fleet.statuses, fleet.waiting, now)

    def _waiting(self) -> tuple[Waiting, ...]:
        now = self._world.snapshot()
        fleet = (one for one in now.fleet.waiting if one.reason != "unseen")  # the host's own words say more
        return (*fleet, *(one for host in now.hosts for one in host.waiting))

"""The loops: source, fleet, and one per host. They know the outside world by its ports only.

agent = Agent(source, make_host, clock=…, journal=…, settings=…, publish=…)   # agent.reconciler.agent
agent.run()                      # the daemon; agent.stop(), agent.wake() from elsewhere
converge_once(source, …)         # agent.reconciler.once: the same loops, until converged or out of time

Nothing is imported here: who only looks, or shows a Snapshot (agent.reconciler.reporting.snapshot), starts without
the loops.
"""

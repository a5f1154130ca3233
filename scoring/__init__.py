"""Third stage: observations in, risk events and verdicts out.

In: `observations`. Out: `risk-events`, `notices`; ticks on `observations`.
Run: `python -m scoring`.
Fails: state lives in memory and in checkpoints; a killed worker starts from its last checkpoint and repeats the same
events with the same identities, so that nothing is lost and nothing counts twice. Sessions that another version of the
fold has begun are folded again from their first record on.
"""

"""Who sits there: the face of the session's start, and how alike later faces are to it.

In: a picture's face landmarks. Out: `IdentityObserved`, one cosine. Embeddings stay in memory and, sealed under a key
of the session's own, in the compacted topic `references`; they reach no observation, log, metric or dead letter.
`recogniser` looks (in a process of the pool), `registration` decides (pure), `sealing` encrypts, `references` wraps the
topic, `desk` is what the worker asks. No PROCTOR_IDENTITY_KEY: identity is off and nothing is embedded.

A session is registered once, in its first minute; that it began is kept in the topic, too, so that a crash gives it no
second one. A reference that cannot be opened (another key, another model), and a session whose first minute showed no
fit face, mean that its identity is unknown, counted with the reason; never that somebody else sits there.
"""

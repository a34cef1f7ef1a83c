"""People are told: of cases, by how grave they are, and of services that fall silent.

`pages` decides who is next to be told of a case, `watch` which service is silent; both are pure.
`words` says it, `channels` reach people, `post` and `rounds` see to it that each message arrives
somewhere or is tried again, `store` remembers, `recall` believes it as far as cases bear it out,
`silence` tells of services, `pager` is the service. Nobody is told twice of the
same step, and nobody is forgotten: what a channel does not take goes through another.
"""

"""A process that can compute and do nothing else, for code that nobody vouches for.

`inside` (called by the confined process itself, before it touches the stranger's code) gives up
what it does not need, for good; `outside` starts such a process, asks it questions with a deadline
and a bound on the answers, and kills it when it does not keep them.

| what it may not do | held by |
|---|---|
| take more memory | RLIMIT_AS |
| take more time | a deadline on each question, RLIMIT_CPU behind it |
| start a process or thread, run a program | seccomp, RLIMIT_NPROC |
| reach a network, a socket, another process | seccomp |
| change a file | seccomp, RLIMIT_FSIZE, Landlock |
| read a file that is not a library (a key, a password, a neighbour's memory) | Landlock |
| see our environment or open files | an empty environment, inherited descriptors closed |
| outlive us | PR_SET_PDEATHSIG |

Linux on x86-64 and arm64 only, kernel 5.13 or newer: elsewhere strangers are refused rather than
run with less. It does not defend against a hole in the kernel, nor against a package that changes
Firebreak's own files when it is installed: who may install may do anything.
"""

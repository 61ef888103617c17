"""How fast slotcalc is beside other libraries: `python -m benchmarks`. docs/benchmarks.md explains and shows results.

`data` makes the inputs, `contenders` says how each library answers, `timing` compares the answers and takes the times,
`report` prints them; `operators`, `large_set`, `free_time`, `rules`, `sql_availability` and `import_time` are the
benchmarks. Begin with `__main__`.
"""

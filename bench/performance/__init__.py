"""`make bench`: the managers beside one hand-written function, on a throw-away server.

program      the options, the order of the parts, and what is written
server       the server and its databases
client       a process that works on one database
measure      slices in turn, medians and ratios
sizes        the sizes of `make bench` and of `make bench-quick`
product      the verbs and reads of the managers, as a client calls them
limit        the hand-written function, and its tables
raw          the same deposit as statements in Django's cursor
copies       more tenants and a longer ledger, as copies of rows
parts/       one module for each group of rows
results      the JSON file: which rows it must have
tables       the tables of the terminal and of docs/performance.md
plots        docs/performance/*.svg
costs        what a deposit and a tenant cost, and what a million tenants need
"""

"""How good answers are: on the seeds, on public sets and on tables of quarterly reports."""

"""The schema's history: one file per step, `NNNN_expand_name.py` or `NNNN_contract_name.py`, whose body is SQL.

`expand` runs before the new code and must suit the old code too; `contract` runs when no old process is left. A file:

    '''One sentence: what this step adds.'''

    from seriatim.storage.postgres.revision import execute

    revision = "0003"
    down_revision = "0002"


    def upgrade() -> None:
        execute("create table ...")

There are no down-migrations: mistakes are fixed forwards, or by restoring a backup.
"""

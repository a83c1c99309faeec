"""pyarrow reads the Parquet files of `accredit query`, over REST and in bulk, with their types."""

import datetime
import os
import subprocess
import sys
import tempfile

import pyarrow.parquet

SOQL = (
    "SELECT Id, Name, AnnualRevenue, NumberOfEmployees, CreatedDate, IsDeleted, Owner.Name, Phone"
    " FROM Account ORDER BY Id"
)
KINDS = ["string", "string", "double", "int64", "timestamp[ms, tz=UTC]", "bool", "string", "string"]


def main():
    accredit = os.environ["ACCREDIT_PROGRAM"]
    tables = []
    with tempfile.TemporaryDirectory() as folder:
        for flags in ([], ["--bulk"]):
            path = f"{folder}/{len(tables)}.parquet"
            words = ["query", "-q", "--format", "parquet", "--output", path, *flags, SOQL]
            subprocess.run([accredit, *words], check=True)
            tables.append(pyarrow.parquet.read_table(path))
    for table in tables:
        kinds = [str(field.type) for field in table.schema]
        assert kinds == KINDS, kinds
        assert all(field.nullable for field in table.schema)
        assert table.num_rows == 50, table.num_rows
    first = tables[0].to_pylist()[0]
    assert isinstance(first["CreatedDate"], datetime.datetime) and first["IsDeleted"] is False, first
    assert None in tables[0]["NumberOfEmployees"].to_pylist() or first["NumberOfEmployees"] > 0
    assert tables[0].equals(tables[1])
    print(tables[0].schema)
    return 0


if __name__ == "__main__":
    sys.exit(main())

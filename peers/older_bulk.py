"""salesforce-bulk, which knows Bulk API 1.0 alone, loads and queries tables with a token."""

import csv
import io
import os
import subprocess
import sys

from salesforce_bulk import CsvDictsAdapter, SalesforceBulk


def main():
    token = subprocess.run(
        [os.environ["ACCREDIT_PROGRAM"], "token", "-q"], check=True, capture_output=True, text=True
    ).stdout.strip()
    bulk = SalesforceBulk(sessionId=token, host="accredit.my.salesforce.com")
    job = bulk.create_insert_job("Account", contentType="CSV")
    names = ["Older 1", 'a "quoted", name', ""]
    batch = bulk.post_batch(job, CsvDictsAdapter(iter({"Name": name} for name in names)))
    bulk.wait_for_batch(job, batch, sleep_interval=0.1)
    bulk.close_job(job)
    results = bulk.get_batch_results(batch, job)
    assert [result.success for result in results] == ["true", "true", "false"], results
    job = bulk.create_query_job("Account", contentType="CSV")
    batch = bulk.query(job, f"SELECT Id, Name FROM Account WHERE Id = '{results[1].id}'")
    bulk.close_job(job)
    bulk.wait_for_batch(job, batch, sleep_interval=0.1)
    (found,) = bulk.get_all_results_for_query_batch(batch)
    (record,) = csv.DictReader(io.StringIO(found.read().decode()))
    assert record == {"Id": results[1].id, "Name": names[1]}, record
    return 0


if __name__ == "__main__":
    sys.exit(main())

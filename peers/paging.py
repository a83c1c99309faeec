"""simple-salesforce reads all contacts page by page with a token of `accredit token`."""

import os
import subprocess
import sys

import requests
from simple_salesforce import Salesforce


class Plain(requests.Session):
    """simple-salesforce writes https itself; the emulator is asked over http."""

    def request(self, method, url, **options):
        return super().request(method, url.replace("https://", "http://", 1), **options)


def main():
    accredit = os.environ["ACCREDIT_PROGRAM"]
    token = subprocess.run(
        [accredit, "token", "-q"], check=True, capture_output=True, text=True
    ).stdout.strip()
    org = Salesforce(
        session_id=token,
        instance_url=os.environ["SF_INSTANCE_URL"].replace("http://", "https://", 1),
        session=Plain(),
    )
    org.headers["Sforce-Query-Options"] = "batchSize=200"
    records = org.query_all("SELECT Id, Name, Account.Name FROM Contact")["records"]
    print(len(records), records[0])
    described = org.Account.describe()
    print(described["name"], len(described["fields"]))
    return 0 if len({record["Id"] for record in records}) == len(records) >= 100 else 1


if __name__ == "__main__":
    sys.exit(main())

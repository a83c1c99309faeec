"""simple-salesforce signs in at both shared login hosts, which it has written into it."""

import os
import sys

from simple_salesforce import Salesforce


def main():
    for domain in ("login", "test"):
        org = Salesforce(
            username=os.environ["SF_USERNAME"],
            consumer_key=os.environ["SF_CLIENT_ID"],
            privatekey_file=os.environ["SF_JWT_KEY_FILE"],
            domain=domain,
        )
        records = list(org.query_all_iter("SELECT Id, Name FROM Contact"))
        print(org.sf_instance, len(records), org.Account.describe()["name"])
        if len(records) < 100:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

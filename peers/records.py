"""simple-salesforce makes, reads, changes and deletes records, one by one, together and in bulk."""

import os
import subprocess
import sys

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound


class Plain(requests.Session):
    """simple-salesforce writes https itself; the emulator is asked over http."""

    def request(self, method, url, **options):
        return super().request(method, url.replace("https://", "http://", 1), **options)


def connect():
    token = subprocess.run(
        [os.environ["ACCREDIT_PROGRAM"], "token", "-q"], check=True, capture_output=True, text=True
    ).stdout.strip()
    return Salesforce(
        session_id=token,
        instance_url=os.environ["SF_INSTANCE_URL"].replace("http://", "https://", 1),
        session=Plain(),
    )


def one_by_one(org):
    made = org.Contact.create({"LastName": "Byron", "Email": "ada@peer.example"})
    assert made["success"] is True and made["errors"] == [], made
    contact = org.Contact.get(made["id"])
    assert contact["Name"] == "Byron", contact
    assert org.Contact.update(made["id"], {"FirstName": "Ada"}) == 204
    assert org.Contact.get_by_custom_id("Email", "ada@peer.example")["Name"] == "Ada Byron"
    assert org.Contact.upsert("Email/ada@peer.example", {"Title": "Countess"}) == 200
    try:
        org.Contact.create({"LastName": "x", "Email": "no address"})
        raise AssertionError("a wrong record was taken")
    except SalesforceMalformedRequest as error:
        assert error.content[0]["errorCode"] == "INVALID_EMAIL_ADDRESS", error
    assert org.Contact.delete(made["id"]) == 204
    try:
        org.Contact.get(made["id"])
        raise AssertionError("a deleted record was read")
    except SalesforceResourceNotFound as error:
        assert error.content[0]["errorCode"] == "ENTITY_IS_DELETED", error


def many(org):
    names = {field["name"] for field in org.Account.describe()["fields"]}
    assert {"Id", "Name", "OwnerId"} <= names, names
    assert any(known["name"] == "Account" for known in org.describe()["sobjects"])
    found = list(org.query_all_iter("SELECT Id, Name FROM Contact"))
    assert len({record["Id"] for record in found}) == len(found) >= 100, len(found)
    assert org.limits()["DailyApiRequests"]["Max"] > 0


def in_bulk(org):
    records = [{"Name": f"Bulk {at}", "Site": 'a "quoted", site'} for at in range(3000)]
    reports = org.bulk2.Account.insert(records=records)
    assert sum(report["numberRecordsProcessed"] for report in reports) == 3000, reports
    assert sum(report["numberRecordsFailed"] for report in reports) == 0, reports
    pages = list(org.bulk2.Account.query("SELECT Id, Name FROM Account WHERE Name LIKE 'Bulk %'"))
    lines = "".join(pages).splitlines()
    assert lines[0] == '"Id","Name"' and len(lines) == 3001, (lines[0], len(lines))
    ids = [{"Id": line.split(",")[0].strip('"')} for line in lines[1:]]
    changes = [{**record, "Site": "changed"} for record in ids[:2]]
    (report,) = org.bulk2.Account.update(records=changes)
    assert report["numberRecordsFailed"] == 0, report
    (report,) = org.bulk2.Account.upsert(records=changes, external_id_field="Id")
    assert report["numberRecordsFailed"] == 0, report
    changed = org.query("SELECT COUNT() FROM Account WHERE Site = 'changed'")["totalSize"]
    assert changed == 2, changed
    org.bulk2.Account.delete(records=ids)
    left = org.query("SELECT COUNT() FROM Account WHERE Name LIKE 'Bulk %'")["totalSize"]
    assert left == 0, left
    job = org.bulk2.Contact.insert(records=[{"LastName": " "}, {"LastName": "good"}])[0]
    failed = org.bulk2.Contact.get_failed_records(job["job_id"])
    assert "REQUIRED_FIELD_MISSING" in failed, failed
    assert '"good"' in org.bulk2.Contact.get_successful_records(job["job_id"])


def in_older_bulk(org):
    """Bulk API 1.0: jobs and records in JSON."""
    good, bad = org.bulk.Account.insert([{"Name": "Older 1", "NumberOfEmployees": 7}, {"Name": None}])
    assert good["success"] is True and good["created"] is True, good
    assert bad["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING", bad
    soql = "SELECT Id, Name, NumberOfEmployees, CreatedDate FROM Account WHERE Name LIKE 'Older %'"
    (found,) = org.bulk.Account.query(soql)
    assert (found["Id"], found["NumberOfEmployees"]) == (good["id"], 7), found
    assert isinstance(found["CreatedDate"], int), found
    (gone,) = org.bulk.Account.delete([{"Id": good["id"]}])
    assert gone["success"] is True, gone


def main():
    org = connect()
    one_by_one(org)
    many(org)
    in_bulk(org)
    in_older_bulk(org)
    return 0


if __name__ == "__main__":
    sys.exit(main())

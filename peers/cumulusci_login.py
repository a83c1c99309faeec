"""CumulusCI signs in as it does for a connected org, and asks what it asks first."""

import os
import sys

import requests
from cumulusci.oauth.salesforce import jwt_session


def main():
    with open(os.environ["SF_JWT_KEY_FILE"]) as file:
        key = file.read()
    session = jwt_session(os.environ["SF_CLIENT_ID"], key, os.environ["SF_USERNAME"])
    instance = session["instance_url"]

    def ask(path):
        headers = {"Authorization": f"Bearer {session['access_token']}"}
        reply = requests.get(instance + path, headers=headers, timeout=10)
        reply.raise_for_status()
        return reply.json()

    org = ask("/services/oauth2/userinfo")["organization_id"]
    version = ask("/services/data")[-1]["version"]
    name = ask(f"/services/data/v{version}/sobjects/Organization/{org}")["Name"]
    print(instance, org, name)
    return 0 if name else 1


if __name__ == "__main__":
    sys.exit(main())

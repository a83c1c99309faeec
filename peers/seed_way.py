"""The JWT bearer flow as people do it by hand in Python: PyJWT signs, requests posts.

Reads what `accredit emulator run` sets for its child: SF_LOGIN_URL, SF_CLIENT_ID, SF_USERNAME and
SF_JWT_KEY_FILE. Prints the status, then the records of a first query.
"""

import os
import sys
import time

import jwt
import requests


def main():
    login_url = os.environ["SF_LOGIN_URL"]
    with open(os.environ["SF_JWT_KEY_FILE"]) as file:
        private_key = file.read()
    claims = {
        "iss": os.environ["SF_CLIENT_ID"],
        "exp": int(time.time()) + 300,
        "aud": login_url,
        "sub": os.environ["SF_USERNAME"],
    }
    assertion = jwt.encode(claims, private_key, algorithm="RS256", headers={"alg": "RS256"})
    reply = requests.post(
        f"{login_url}/services/oauth2/token",
        data={
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": assertion,
        },
        timeout=10,
    )
    print("status:", reply.status_code)
    if reply.status_code != 200:
        print(reply.text)
        return 1
    if "--token-only" in sys.argv:
        return 0
    granted = reply.json()
    answer = requests.get(
        f"{granted['instance_url']}/services/data/v65.0/query/",
        params={"q": "SELECT Id, Name FROM Account ORDER BY Name LIMIT 3"},
        headers={"Authorization": f"Bearer {granted['access_token']}"},
        timeout=10,
    )
    print("query:", answer.status_code)
    for record in answer.json()["records"]:
        print(record["Id"], record["Name"])
    return 0 if answer.status_code == 200 and answer.json()["records"] else 1


if __name__ == "__main__":
    sys.exit(main())

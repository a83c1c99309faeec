"""aiosalesforce, which takes nothing but a My Domain, signs in and reads all contacts."""

import asyncio
import os
import sys

import httpx
from aiosalesforce import Salesforce
from aiosalesforce.auth import JwtBearerFlow


async def main():
    auth = JwtBearerFlow(
        client_id=os.environ["SF_CLIENT_ID"],
        username=os.environ["SF_USERNAME"],
        private_key_file=os.environ["SF_JWT_KEY_FILE"],
    )
    async with httpx.AsyncClient() as client:
        org = Salesforce(client, base_url="https://accredit.my.salesforce.com", auth=auth)
        names = [record["Name"] async for record in org.query("SELECT Id, Name FROM Contact")]
    print(len(names))
    return 0 if len(names) >= 100 else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))

// jsforce signs in with an assertion of its own making, then reads, writes and loads records.

import assert from "node:assert/strict";
import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import jsforce from "jsforce";

// jsforce's own default; the emulator's proxy answers it, over TLS.
const LOGIN_URL = "https://login.salesforce.com";
const { SF_CLIENT_ID, SF_USERNAME, SF_JWT_KEY_FILE } = process.env;

function assertion() {
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const exp = Math.floor(Date.now() / 1000) + 120;
  const claims = { iss: SF_CLIENT_ID, sub: SF_USERNAME, aud: LOGIN_URL, exp };
  const input = `${part({ alg: "RS256" })}.${part(claims)}`;
  const key = createPrivateKey(readFileSync(SF_JWT_KEY_FILE));
  return `${input}.${sign("sha256", Buffer.from(input), key).toString("base64url")}`;
}

async function oneByOne(org) {
  const made = await org.sobject("Contact").create({ LastName: "Byron", Email: "ada@peer.example" });
  assert.equal(made.success, true);
  const read = await org.sobject("Contact").retrieve(made.id);
  assert.equal(read.Name, "Byron");
  const changed = await org.sobject("Contact").update({ Id: made.id, FirstName: "Ada" });
  assert.equal(changed.success, true);
  const upserted = await org
    .sobject("Contact")
    .upsert({ Email: "ada@peer.example", Title: "Countess" }, "Email");
  assert.equal(upserted.success, true);
  await assert.rejects(org.sobject("Contact").create({ FirstName: "x" }), {
    errorCode: "REQUIRED_FIELD_MISSING",
  });
  assert.equal((await org.sobject("Contact").destroy(made.id)).success, true);
  const several = await org.sobject("Account").create([{ Name: "a" }, { Name: "" }]);
  assert.deepEqual(
    several.map((result) => result.success),
    [true, false],
  );
}

async function inBulk(org) {
  const records = Array.from({ length: 3000 }, (_, at) => ({ Name: `Bulk ${at}`, Site: 'a "b", c' }));
  org.bulk2.pollInterval = 10;
  const loaded = await org.bulk2.loadAndWaitForResults({
    object: "Account",
    operation: "insert",
    input: records,
  });
  assert.equal(loaded.successfulResults.length, 3000);
  assert.equal(loaded.failedResults.length, 0);
  const stream = await org.bulk2.query("SELECT Id, Name, Site FROM Account WHERE Name LIKE 'Bulk %'");
  const read = await stream.toArray();
  assert.equal(read.length, 3000);
  assert.equal(read[0].Site, 'a "b", c');
}

// Bulk API 1.0: jobs in XML, tables in CSV.
async function inOlderBulk(org) {
  org.bulk.pollInterval = 10;
  const results = await org.bulk.load("Account", "insert", [
    { Name: "Older 1", Site: "a" },
    { Name: "", Site: "b" },
  ]);
  assert.deepEqual(
    results.map((result) => result.success),
    [true, false],
  );
  assert.match(results[1].errors[0], /^REQUIRED_FIELD_MISSING/);
  const stream = await org.bulk.query("SELECT Id, Name FROM Account WHERE Name LIKE 'Older %'");
  assert.deepEqual(await stream.toArray(), [{ Id: results[0].id, Name: "Older 1" }]);
}

const org = new jsforce.Connection({ loginUrl: LOGIN_URL, version: "60.0" });
await org.authorize({
  grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
  assertion: assertion(),
});
assert.equal((await org.identity()).username, SF_USERNAME);
const found = await org.query("SELECT Id, Name FROM Contact", { autoFetch: true, maxFetch: 5000 });
assert.equal(found.records.length, found.totalSize);
const described = await org.describe("Account");
assert.ok(described.fields.some((field) => field.name === "OwnerId"));
await oneByOne(org);
await inBulk(org);
await inOlderBulk(org);
console.log("all is well");

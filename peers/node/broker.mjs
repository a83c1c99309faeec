// jsforce, unmodified, with no key of Salesforce's: it signs in at a broker with a caller key.
// Usage: node broker.mjs URL CALLER_KEY USERNAME
import assert from "node:assert/strict";
import jsforce from "jsforce";

const [url, key, username] = process.argv.slice(2);
const oauth2 = { loginUrl: url, clientId: "default", clientSecret: key };

const asClient = new jsforce.Connection({ oauth2 });
await asClient.authorize({ grant_type: "client_credentials" });
const asUser = new jsforce.Connection({ oauth2 });
await asUser.login(username, key);
const withKey = new jsforce.Connection({ instanceUrl: url, accessToken: key });

for (const org of [asClient, asUser, withKey]) {
  assert.equal(org.instanceUrl, url);
  const { records } = await org.query("SELECT Id FROM Contact", { autoFetch: true, maxFetch: 10_000 });
  assert.ok(records.length >= 100);
  assert.equal((await org.describe("Account")).name, "Account");
  const made = await org.sobject("Account").create({ Name: "through the broker" });
  assert.equal(made.success, true);
  const changed = await org.sobject("Account").update({ Id: made.id, Site: "here" });
  assert.equal(changed.success, true);
  assert.equal((await org.sobject("Account").retrieve(made.id)).Site, "here");
  assert.equal((await org.sobject("Account").destroy(made.id)).success, true);
}

// A handle that is bent is refused in the words that make jsforce sign in again.
let renewed = 0;
const bent = new jsforce.Connection({
  instanceUrl: url,
  accessToken: `${asClient.accessToken}x`,
  refreshFn: async (_, done) => {
    renewed += 1;
    done(undefined, asClient.accessToken);
  },
});
assert.equal((await bent.query("SELECT Id FROM Account LIMIT 2")).totalSize, 2);
assert.equal(renewed, 1);
assert.ok(!asClient.accessToken.startsWith("00D"), "no token of Salesforce's left the broker");
console.log("all is well");

// jsforce signs in with an assertion at the login host and at the emulator's own URL, and reads all
// contacts.
import { createSign } from "node:crypto";
import { readFileSync } from "node:fs";
import jsforce from "jsforce";

const { SF_CLIENT_ID, SF_USERNAME, SF_JWT_KEY_FILE, SF_LOGIN_URL } = process.env;
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

for (const loginUrl of ["https://login.salesforce.com", SF_LOGIN_URL]) {
  const exp = Math.floor(Date.now() / 1000) + 120;
  const claims = { iss: SF_CLIENT_ID, sub: SF_USERNAME, aud: loginUrl, exp };
  const input = `${encode({ alg: "RS256" })}.${encode(claims)}`;
  const signature = createSign("RSA-SHA256").update(input).sign(readFileSync(SF_JWT_KEY_FILE));
  const connection = new jsforce.Connection({ loginUrl });
  await connection.authorize({
    grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer",
    assertion: `${input}.${signature.toString("base64url")}`,
  });
  const options = { autoFetch: true, maxFetch: 10_000 };
  const { records } = await connection.query("SELECT Id, Name FROM Contact", options);
  console.log(connection.instanceUrl, records.length);
  const described = await connection.describe("Account");
  if (!(records.length >= 100) || described.name !== "Account") {
    process.exitCode = 1;
  }
}

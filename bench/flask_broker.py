"""What a Flask service does that keeps one token for its callers: the key of the caller is checked
against its hash, the token comes from memory. `bench/broker` runs it under gunicorn."""
import hashlib
import hmac
import os

import flask

app = flask.Flask(__name__)
key_hash = os.environ["KEY_HASH"].removeprefix("sha256:")
with open(os.environ["TOKEN_FILE"], encoding="utf-8") as file:
    token = file.read()


@app.get("/v1/connections/<name>/token")
def hand_out(name):
    key = flask.request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not hmac.compare_digest(hashlib.sha256(key.encode()).hexdigest(), key_hash):
        flask.abort(401)
    return flask.Response(token, content_type="application/json")

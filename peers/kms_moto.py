# kms_moto.py ACCREDIT DIR: a key that was made in moto's KMS, and never leaves it, signs in at the emulator.
import datetime, os, subprocess, sys

os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_REGION="us-east-1")
from moto.server import ThreadedMotoServer
import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

accredit, folder = sys.argv[1:3]
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
url = "http://127.0.0.1:%d" % server.get_host_and_port()[1]
kms = boto3.client("kms", endpoint_url=url, region_name="us-east-1")
key = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="RSA_2048")["KeyMetadata"]
kms.create_alias(AliasName="alias/salesforce", TargetKeyId=key["KeyId"])
public = serialization.load_der_public_key(kms.get_public_key(KeyId=key["KeyId"])["PublicKey"])
# The certificate need not be signed by the key: Salesforce takes the public key out of it.
issuer = rsa.generate_private_key(public_exponent=65537, key_size=2048)
name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kms")])
now = datetime.datetime.now(datetime.timezone.utc)
certificate = (
    x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(public)
    .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
    .not_valid_after(now + datetime.timedelta(days=30)).sign(issuer, hashes.SHA256())
)
path = os.path.join(folder, "kms.crt")
open(path, "wb").write(certificate.public_bytes(serialization.Encoding.PEM))
env = {**os.environ, "AWS_ENDPOINT_URL_KMS": url}
for reference in ["awskms:alias/salesforce", "awskms:" + key["KeyId"], "awskms:" + key["Arn"]]:
    shown = subprocess.run([accredit, "key", "check", reference, path], env=env, capture_output=True, text=True)
    assert shown.returncode == 0, (reference, shown.stderr)
    run = [accredit, "emulator", "run", "--cert", path, "-f", reference, "--", accredit, "token", "-q", "-f", reference]
    done = subprocess.run(run, env=env, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.startswith("00D"), (reference, done.stderr)
    print("signs in ", reference.replace(key["KeyId"], "KEY_ID"))
missing = subprocess.run([accredit, "key", "show", "awskms:alias/none"], env=env, capture_output=True, text=True)
assert missing.returncode == 3 and "NotFoundException" in missing.stderr, missing.stderr
print("refused   awskms:alias/none, by the name of the error")
server.stop()

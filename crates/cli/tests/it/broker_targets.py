# Makes request targets from a seed, and says of each whether it may be forwarded, by the statement of the rule.
# Usage: broker_targets.py FOLDER SEED COUNT
import json, random, sys
sys.path.insert(0, sys.argv[1])
import path_oracle
random.seed(int(sys.argv[2]))
starts = ["/services/data/"] * 12 + ["/services/data/v62.0/"] * 6 + ["/services/data", "/services/data.",
    "/services/data;x/", "/services/data%2f", "/services%2fdata/", "/services/Data/", "/services/./data/",
    "/services/x/../data/", "/services//data/", "/services/oauth2/token", "/services/apexrest/"]
parts = ["..", ".", "...", "/", "/", "/", "//", "\\", ";", ";x=1", ";..", "?", "&", "#", "%2e", "%2E", "%2e%2e",
    "%2f", "%2F", "%5c", "%3b", "%3f", "%23", "%25", "%252e", "%252f", "%255c", "%25252e", "%2525252e",
    "%00", "%0a", "%0d%0a", "%7f", "%20", "%", "%2", "%zz", "%u002e", "%u002E%u002e", "%25u002e", "%c0%ae",
    "%ff", "%e2%80%a4", "%e2%80%a5", "%e2%80%a6", "%ef%bc%8e", "%ef%bc%8f", "%ef%b9%92", "%c3%a9", "%cc%81",
    "e%cc%81", "a", "b.c", "a..b", ".a", "a.", "v62.0", "sobjects", "q=SELECT+Id", "+", "*", "'", "(", ")",
    "[", "]", "@", ":", ",", "=", "!", "$", "~", "|", "^", "`", "\"", "<", "{", "}", "setup", "services"]
methods = ["GET"] * 16 + ["POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "OPTIONS", "get", "Get", "PURGE"]
for _ in range(int(sys.argv[3])):
    target = random.choice(starts) + "".join(random.choices(parts, k=random.randrange(9)))
    method = random.choice(methods)
    print(json.dumps([method, target, path_oracle.allowed(target, method)]))

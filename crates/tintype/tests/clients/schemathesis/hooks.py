"""Puts real ids where schemathesis would only guess, since a guessed id is answered by 404 and nothing else.

Three of four cases get them, the fourth stays as it was generated. What a case may destroy is made for it: nothing here
harms what the other cases stand on. Each answer is noted, so that the test can see which operations ever succeeded.
"""

import base64
import itertools
import json
import os
import time

import requests
import schemathesis

URL = os.environ["TINTYPE_URL"]
REAL = json.loads(os.environ["TINTYPE_REAL"])
SEEN = open(os.environ["TINTYPE_SEEN"], "a", encoding="utf-8", buffering=1)
NATIVE = f"{URL}/api/tintype/v1"
ADMIN = os.environ["TINTYPE_AUTHORIZATION"]
SPARE_CLUSTER = "f" * 32
PASSWORD = "password of a spare user"

turns = itertools.count()
halves = itertools.count()
numbers = itertools.count()
admin = requests.Session()
admin.trust_env = False
admin.headers["Authorization"] = ADMIN


def ask(method, url, body, *good):
    """What the administrator is answered, which must be one of the good statuses."""
    answer = admin.request(method, url, json=body, timeout=30)
    assert answer.status_code in good, f"{method} {url}: {answer.status_code} {answer.text}"
    return answer.json()


def spare_cluster():
    body = {"id": SPARE_CLUSTER, "url": REAL["spare_engine"], "access": "take"}
    ask("POST", f"{NATIVE}/clusters", body, 201, 409)
    return SPARE_CLUSTER


def spare_repository():
    body = {"type": "fs", "settings": {"location": "/backups/spare"}}
    ask("PUT", f"{NATIVE}/repositories/spare", body, 200, 201)
    return "spare"


def spare_schedule():
    """On the spare repository, which no cluster uses: nothing is ever begun by it."""
    name = spare_repository()
    path = f"{NATIVE}/repositories/{name}"
    ask("PUT", f"{path}/reader", {"url": "file:///backups/spare"}, 200)
    ask("PUT", f"{path}/verification-schedule", {"every_seconds": 86_400}, 200)
    return name


def nothing_is_verified():
    """One location is verified once at a time."""
    path = f"{NATIVE}/repositories/{REAL['repository']}/verifications"
    until = time.monotonic() + 60
    while any(one["status"] in ("queued", "running") for one in ask("GET", path, None, 200)["verifications"]):
        assert time.monotonic() < until, "a verification does not end"
        time.sleep(0.05)


def spare_user():
    """A new one each time: a case may change its password, its roles, or whether it may sign in."""
    name = f"spare-{next(numbers)}"
    security = {"password": PASSWORD, "roles": ["ece_platform_admin"], "enabled": True}
    ask("POST", f"{URL}/api/v1/users", {"user_name": name, "security": security}, 200)
    return name


def spare_key():
    made = ask("POST", f"{URL}/api/v1/users/auth/keys", {"description": "spare"}, 201)
    return made["id"]


def webhook():
    listed = ask("GET", f"{NATIVE}/webhooks", None, 200)["webhooks"]
    mine = [hook["id"] for hook in listed]
    if mine:
        return mine[0]
    body = {"url": REAL["sink"]}
    return ask("POST", f"{NATIVE}/webhooks", body, 201)["id"]


def spare_snapshot():
    """A snapshot that has ended, since a running one is not deleted."""
    path = f"{NATIVE}/clusters/{REAL['cluster']}/snapshots"
    name = f"spare-{next(numbers)}"
    begun = ask("POST", path, {"name": name}, 202)
    until = time.monotonic() + 60
    while not ask("GET", f"{NATIVE}/operations/{begun['id']}", None, 200).get("finished_at"):
        assert time.monotonic() < until, f"{name} does not end"
        time.sleep(0.05)
    return name


def basic(name):
    pair = base64.b64encode(f"{name}:{PASSWORD}".encode()).decode()
    return f"Basic {pair}"


def session():
    body = {"username": spare_user(), "password": PASSWORD}
    return "Bearer " + ask("POST", f"{URL}/api/v1/users/auth/_login", body, 200)["token"]


def real(name, method, path):
    """The id for a parameter of the path; nothing when any will do."""
    changes = method in ("DELETE", "PATCH", "PUT")
    # ECE's settings of a cluster can be changed back; the native PATCH can give it another engine.
    harms = method == "DELETE" or (method == "PATCH" and "tintype" in path)
    match name:
        case "cluster_id":
            return spare_cluster() if harms else REAL["cluster"]
        case "repository_name" if changes and path.endswith("/verification-schedule"):
            return spare_schedule()
        case "repository_name":
            return spare_repository() if changes else REAL["repository"]
        case "user_name" | "user_id":
            return spare_user() if changes else REAL["user"]
        case "api_key_id":
            return spare_key()
        case "snapshot_name":
            return REAL["snapshot"]
        case "operation_id" if "/verifications/" in path:
            return REAL["verification"]
        case "operation_id":
            return REAL["operation"]
        case "webhook_id":
            return webhook()
    return None


def key_of(user):
    """A key that belongs to the user in the path."""
    answer = requests.post(
        f"{URL}/api/v1/users/auth/keys",
        json={"description": "spare"},
        headers={"Authorization": basic(user)},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def real_path(case, path):
    parameters = case.path_parameters or {}
    if case.method == "DELETE" and "snapshot_name" in parameters:
        found = {"cluster_id": REAL["cluster"], "repository_name": REAL["repository"]}
        parameters.update(found, snapshot_name=spare_snapshot())
        return
    for name in parameters:
        found = real(name, case.method, path)
        if found is not None:
            parameters[name] = found
    if {"user_id", "api_key_id"} <= parameters.keys():
        parameters["user_id"] = spare_user()
        parameters["api_key_id"] = key_of(parameters["user_id"])


def good_body(method, path):
    """A body that works for a request whose members a guess never gets right; nothing when guesses do."""
    location = {"type": "fs", "settings": {"location": "/backups/spare"}}
    password = {"password": PASSWORD, "roles": ["ece_deployment_viewer"], "enabled": True}
    number = next(numbers)
    bodies = [
        ("PUT", "/repositories/{repository_name}", location),
        ("PUT", "/reader", {"url": "file:///backups/spare"}),
        ("PUT", "/verification-schedule", {"every_seconds": 3600}),
        ("POST", "/verifications", {"cluster_id": REAL["cluster"]}),
        ("POST", "/registrations", {"repository": REAL["repository"]}),
        ("POST", "/_restore", {"rename_prefix": f"restored-{number}-"}),
        ("POST", "/v1/users", {"user_name": f"made-{number}", "security": password}),
        ("POST", "/user/totp", {"password": PASSWORD}),
        ("POST", "/reauthenticate", {"password": PASSWORD}),
        ("POST", "/users/auth/keys", {"description": "made"}),
        ("PATCH", "/metadata/settings", {"name": "made"}),
        ("PATCH", "/snapshot/settings", {"repository_name": REAL["repository"]}),
    ]
    return next((body for verb, end, body in bodies if verb == method and path.endswith(end)), None)


def real_body(case, path):
    """Members of the body that name something which must be there, or be reached."""
    good = good_body(case.method, path)
    if good is not None and next(halves) % 2 == 0:
        case.body = good
    body = case.body
    if not isinstance(body, dict):
        return
    if path.endswith("/clusters") and "url" in body:
        body["url"] = REAL["other_engine"]
    elif path.endswith("/_login"):
        case.body = {"username": spare_user(), "password": PASSWORD}
    elif path.endswith("/verifications"):
        nothing_is_verified()
    elif path.endswith("/_snapshot") or path.endswith("/snapshots"):
        # Without a reader there is nothing to check storage credentials with.
        for member in ("username", "password"):
            body.pop(member, None)
        body["repository_name"] = REAL["repository"]
    elif path.endswith("/auth/keys") and case.method == "DELETE":
        case.body = {"keys": [spare_key()]}


def own_credential(case, path):
    """What acts on the caller's own account or session gets one of its own."""
    if path.endswith(("/_logout", "/_refresh", "/_elevate")):
        return session()
    own = path.endswith("/user") and case.method == "PATCH"
    if own or "/user/totp" in path or path.endswith("/reauthenticate"):
        return basic(spare_user())
    return None


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path
    guessed = next(turns) % 4 == 3
    if case.path_parameters and "region" in case.path_parameters and not guessed:
        case.path_parameters["region"] = REAL["region"]
    # No case may act on the administrator's own account, nor reach an address that was made up.
    case.headers["Authorization"] = own_credential(case, path) or ADMIN
    if isinstance(case.body, dict) and "url" in case.body:
        case.body["url"] = REAL["sink"]
    if path.endswith("/tintype/v1/events"):
        # The stream would go on for ever.
        case.query["follow"] = "false"
    if not guessed:
        # A version that was guessed is never the one that is there.
        case.query.pop("version", None)
        real_path(case, path)
        real_body(case, path)


@schemathesis.hook
def after_call(context, case, response):
    SEEN.write(f"{case.method} {case.operation.path} {response.status_code}\n")

"""How schemathesis is let in: sessions, the creditor's key, the PSP's signature.

Everything here is of the local stack (infra/local/src/secrets.rs, demo.rs): nothing real is behind it.
"""

import base64
import hashlib
import hmac
import itertools
import os
import string
import threading
import time
import uuid

import requests
import schemathesis

PORTAL = os.environ["PORTAL_URL"]
MARIO = {"username": "mario.rossi@example.it", "password": "correct horse battery staple"}
WEBHOOK_KEY = hashlib.sha256(b"local webhook 1").digest()

# What ends a session or an account, or changes it, is done by somebody who is not needed any more.
ENDS_SOMETHING = {"logout", "changePassword", "revokeConsent", "changeAccount", "changeEmail", "confirmEmail"}


@schemathesis.hook
def before_load_schema(context, raw_schema):
    # Without TLS the cookie has no prefix, as the contract says in words.
    raw_schema["components"]["securitySchemes"]["session"]["name"] = "session"
    # The gateway checks the node's certificate; there is none on this machine.
    del raw_schema["components"]["securitySchemes"]["mutualTls"]
    raw_schema["paths"]["/pagopa/node"]["post"]["security"] = []
    # Any other origin is refused before anything else is looked at.
    raw_schema["components"]["parameters"]["Origin"]["schema"] = {"enum": [PORTAL, "https://another.example"]}
    raw_schema["components"]["parameters"]["Origin"]["example"] = PORTAL


class People:
    """Mario, who is always there, and strangers who come and go."""

    numbers = itertools.count()

    def __init__(self):
        self.lock = threading.Lock()
        self.mario = None
        self.stranger = None

    def session_for(self, operation):
        with self.lock:
            if operation not in ENDS_SOMETHING:
                self.mario = self.mario or log_in(MARIO)
                return self.mario
            session = self.stranger and log_in(self.stranger)
            if not session:
                self.stranger = register(next(self.numbers))
                session = log_in(self.stranger)
            return session


def log_in(who):
    answer = requests.post(f"{PORTAL}/api/login", json=who)
    return answer.cookies.get("session") if answer.ok else None


def register(number):
    letters = "".join(string.ascii_uppercase[number // 26**place % 26] for place in range(3))
    mail = f"fuzz.{number}@example.it"
    who = {"username": mail, "password": MARIO["password"]}
    form = {
        "fiscalCode": with_check_character(f"{letters}NRE85M41F205"), "personType": "natural", "firstName": "Anna",
        "lastName": "Neri", "address": "via Dante 3", "country": "IT", "city": "Milano", "province": "MI",
        "postalCode": "20121", "email": mail, "phone": "+39 333 7654321", "passwordConfirmation": who["password"],
        "privacyAccepted": True, "termsAccepted": True, **who,
    }
    requests.post(f"{PORTAL}/api/register", json=form).raise_for_status()
    mails = requests.get(f"{PORTAL}/_local/mail.json", params={"to": mail}).json()["items"]
    token = next(link.split("#t=")[1] for mail in mails for link in mail["links"] if "#t=" in link)
    requests.post(f"{PORTAL}/api/activate", json={"token": token, "password": who["password"]}).raise_for_status()
    return who


ODD = {
    **dict(zip("0123456789", (1, 0, 5, 7, 9, 13, 15, 17, 19, 21))),
    **dict(zip(string.ascii_uppercase, (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23))),
}


def with_check_character(code):
    even = lambda sign: int(sign) if sign.isdigit() else ord(sign) - ord("A")
    total = sum(ODD[sign] if place % 2 == 0 else even(sign) for place, sign in enumerate(code))
    return code + string.ascii_uppercase[total % 26]


PEOPLE = People()


def asks_for(scheme):
    def asked(context):
        security = context.operation.definition.raw.get("security", [{"session": []}])
        return any(scheme in alternative for alternative in security)

    return asked


@schemathesis.auth(refresh_interval=None).apply_to(asks_for("session"))
class Session:
    def get(self, case, context):
        return PEOPLE.session_for(context.operation.definition.raw["operationId"])

    def set(self, case, session, context):
        case.cookies = {**(case.cookies or {}), "session": session}


@schemathesis.auth(refresh_interval=None).apply_to(asks_for("creditorKey"))
class CreditorKey:
    def get(self, case, context):
        return "local-creditor-key"

    def set(self, case, key, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {key}"}


class Signature(requests.auth.AuthBase):
    """Signs what is really sent. A time that is well written is made now, because an old one is refused unread; a
    name is made new, because a repeat is acknowledged unread."""

    def __call__(self, request):
        if request.headers.get("webhook-timestamp", "").isdigit():
            request.headers["webhook-timestamp"] = str(int(time.time()))
        if request.headers.get("webhook-id") == "evt_0001":
            request.headers["webhook-id"] = f"evt_{uuid.uuid4()}"
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        text = lambda name: str(request.headers.get(name, "")).encode("latin-1", "replace")
        signed = b".".join([text("webhook-id"), text("webhook-timestamp"), body])
        mac = hmac.new(WEBHOOK_KEY, signed, hashlib.sha256).digest()
        request.headers["webhook-signature"] = "v1," + base64.b64encode(mac).decode()
        return request


schemathesis.auth.set_from_requests(Signature()).apply_to(path="/psp/callback")


TEXTS = ("text/xml", "text/csv", "application/x-ndjson")


@schemathesis.serializer(*TEXTS)
def as_it_is(context, value):
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")


@schemathesis.hook
def filter_case(context, case):
    # A body of text has no other type than text.
    return case.media_type not in TEXTS or isinstance(case.body, (str, bytes))


@schemathesis.hook
def filter_failure(context, failure, case, response):
    # SOAP 1.1 knows one status for a fault, 500: that of a sender's message is no trouble of ours.
    node = case.operation.definition.raw["operationId"] == "pagopaNode"
    return not (node and failure.code == "ST101" and b"<faultcode>soapenv:Client<" in response.content)

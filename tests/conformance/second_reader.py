"""Reads the phone network with PyPI `twilio`: what npm `twilio` takes for granted, this one may not."""

import os
from datetime import datetime, timezone
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

ORIGIN = os.environ["EMULATOR"]
FROM = os.environ["CALL_FROM"]
TO = os.environ["CALL_TO"]
TWIML = "<Response><Pause length='60'/></Response>"


class ToTheEmulator(TwilioHttpClient):
    """The library's own way to another server: an HTTP client that changes only where requests go."""

    def request(self, method, url, **rest):
        parts = urlsplit(url)
        query = f"?{parts.query}" if parts.query else ""
        return super().request(method, ORIGIN + parts.path + query, **rest)


client = Client(http_client=ToTheEmulator())


def refuses(status, code, ask):
    try:
        ask()
    except TwilioRestException as error:
        assert (error.status, error.code) == (status, code), error
    else:
        raise AssertionError(f"{code} was expected")


def check_calls():
    refuses(400, 21211, lambda: client.calls.create(to="banana", from_=FROM, twiml=TWIML))
    refuses(404, 20404, lambda: client.calls("CA" + "0" * 32).fetch())
    call = client.calls.create(
        to=TO, from_=FROM, twiml=TWIML, status_callback=os.environ["APPLICATION"]
    )
    assert call.status == "queued" and call.direction == "outbound-api", call.status
    assert isinstance(call.date_created, datetime)
    listed = client.calls.list(to=TO, start_time_after=datetime(2020, 1, 1, tzinfo=timezone.utc))
    assert call.sid in [one.sid for one in listed]
    assert len(list(client.calls.stream(page_size=2, limit=5))) == 5
    ended = client.calls(call.sid).update(status="completed")
    assert ended.status in ("canceled", "completed"), ended.status
    assert client.calls(call.sid).delete() is True


def check_numbers():
    found = client.available_phone_numbers("US").local.list(area_code=212, limit=2)
    assert found[0].phone_number.startswith("+1212") and found[0].capabilities["voice"] is True
    bought = client.incoming_phone_numbers.create(phone_number=found[0].phone_number)
    assert isinstance(bought.date_created, datetime)
    assert client.incoming_phone_numbers(bought.sid).update(friendly_name="x").friendly_name == "x"
    assert client.incoming_phone_numbers(bought.sid).delete() is True


def check_the_rest():
    account = client.api.accounts.create(friendly_name="from Python")
    assert account.owner_account_sid == client.account_sid
    key = client.new_keys.create(friendly_name="from Python")
    assert key.secret and client.keys(key.sid).delete() is True
    queue = client.queues.create(friendly_name="from Python")
    assert queue.current_size == 0 and client.queues(queue.sid).delete() is True
    application = client.applications.create(friendly_name="from Python")
    assert client.applications(application.sid).delete() is True
    assert isinstance(client.conferences.list(limit=5), list)
    assert isinstance(client.recordings.list(limit=5), list)
    assert isinstance(client.notifications.list(limit=5), list)


for check in (check_calls, check_numbers, check_the_rest):
    check()
    print("ok Python:", check.__name__.removeprefix("check_").replace("_", " "))

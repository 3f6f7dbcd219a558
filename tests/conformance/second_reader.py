"""Reads the phone network with PyPI `twilio`: what npm `twilio` takes for granted, this one may not."""

import base64
import json
import os
import time
from datetime import datetime, timezone
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

ORIGIN = os.environ["EMULATOR"]
FROM = os.environ["CALL_FROM"]
TO = os.environ["CALL_TO"]
# One channel of 16 bits at 8 kHz.
SECOND_BYTES = 16_000
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


def until(what, ask):
    for _ in range(200):
        answer = ask()
        if answer:
            return answer
        time.sleep(0.1)
    raise AssertionError(f"it never came to be that {what}")


def sound_bytes(call_sid):
    """How much a leg has heard so far."""
    login = base64.b64encode(f"{client.username}:{client.password}".encode()).decode()
    heard = Request(f"{ORIGIN}/emulator/legs/{call_sid}/heard.wav", headers={"Authorization": f"Basic {login}"})
    with urlopen(heard) as wav:
        return len(wav.read())


def check_conferences():
    room = "<Response><Dial><Conference>from Python</Conference></Dial></Response>"
    calls = [client.calls.create(to=TO, from_=FROM, twiml=room) for _ in range(2)]
    running = until(
        "the conference runs",
        lambda: client.conferences.list(friendly_name="from Python", status="in-progress"),
    )
    conference = client.conferences(running[0].sid)
    assert conference.fetch().status == "in-progress"
    assert conference.fetch().date_created.tzinfo is not None
    participants = conference.participants
    assert {one.call_sid for one in participants.list()} == {call.sid for call in calls}
    first = participants(calls[0].sid)
    assert first.fetch().muted is False
    assert first.update(muted=True).muted is True
    assert [one.call_sid for one in participants.list(muted=True)] == [calls[0].sid]
    assert first.update(muted=False, hold=True).hold is True

    taken = client.calls(calls[1].sid).recordings.create(recording_channels="dual")
    assert taken.channels == 2, taken.channels
    recordings = client.calls(calls[1].sid).recordings
    assert recordings("Twilio.CURRENT").update(status="paused").status == "paused"
    assert recordings(taken.sid).update(status="in-progress").status == "in-progress"
    begun = sound_bytes(calls[1].sid)
    until("a second more has sounded", lambda: sound_bytes(calls[1].sid) >= begun + SECOND_BYTES)
    recordings(taken.sid).update(status="stopped")
    until("the recording is whole", lambda: client.recordings(taken.sid).fetch().status == "completed")
    assert taken.sid in [one.sid for one in client.recordings.list(call_sid=calls[1].sid)]
    assert client.recordings(taken.sid).delete() is True

    assert first.delete() is True
    refuses(404, 20404, lambda: first.fetch())
    assert conference.update(status="completed").status == "completed"
    refuses(404, 20404, lambda: client.conferences("CF" + "0" * 32).fetch())


def check_queues():
    queue = client.queues.create(friendly_name="from Python", max_size=9)
    assert (queue.current_size, queue.max_size) == (0, 9)
    refuses(400, 22003, lambda: client.queues.create(friendly_name="from Python"))
    twiml = "<Response><Enqueue>from Python</Enqueue></Response>"
    call = client.calls.create(to=TO, from_=FROM, twiml=twiml)
    until("somebody waits", lambda: client.queues(queue.sid).fetch().current_size == 1)
    member = client.queues(queue.sid).members("Front").fetch()
    assert (member.call_sid, member.position) == (call.sid, 1)
    assert [one.call_sid for one in client.queues(queue.sid).members.list()] == [call.sid]
    refuses(400, 22002, lambda: client.queues(queue.sid).delete())
    client.calls(call.sid).update(status="completed")
    until("nobody waits", lambda: client.queues(queue.sid).fetch().current_size == 0)
    assert client.queues(queue.sid).update(friendly_name="renamed").friendly_name == "renamed"
    assert client.queues(queue.sid).delete() is True


def check_pages():
    made = [client.applications.create(friendly_name=f"page {n}") for n in range(5)]
    page = client.applications.page(page_size=2)
    assert len(list(page)) == 2 and page.next_page_url is not None
    assert len(list(page.next_page())) == 2
    streamed = [one.sid for one in client.applications.stream(page_size=2)]
    assert len(streamed) == len(set(streamed)) >= 5
    for application in made:
        assert client.applications(application.sid).delete() is True


def check_webhooks():
    validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
    requests = json.loads(os.environ["REQUESTS"])
    assert len(requests) >= 4, len(requests)
    for request in requests:
        assert validator.validate(request["url"], request["params"], request["signature"])
        forged = {**request["params"], "CallStatus": "forged"}
        assert not validator.validate(request["url"], forged, request["signature"])


def check_the_rest():
    account = client.api.accounts.create(friendly_name="from Python")
    assert account.owner_account_sid == client.account_sid
    key = client.new_keys.create(friendly_name="from Python")
    assert key.secret and client.keys(key.sid).delete() is True
    application = client.applications.create(friendly_name="from Python")
    assert client.applications(application.sid).delete() is True
    assert isinstance(client.notifications.list(limit=5), list)


CHECKS = (
    check_calls,
    check_numbers,
    check_conferences,
    check_queues,
    check_pages,
    check_webhooks,
    check_the_rest,
)

for check in CHECKS:
    check()
    print("ok Python:", check.__name__.removeprefix("check_").replace("_", " "))

import assert from "node:assert/strict";
import { until } from "../until.mjs";

/** One page calls another by `<Dial><Client>`: sound and keys both ways, a rejection, and a caller who gives up. */
export async function run(stage) {
  const caller = await stage.rep();
  const callee = await stage.page();
  await callee.phone("register", stage.token({ identity: "rep_2" }), stage.network.host, {
    codecPreferences: ["pcmu"],
  });
  stage.application.answer("/voice", dial(""));

  await caller.phone("dial", { params: {} });
  await callee.happened("incoming");
  const { From, custom } = await callee.phone("caller");
  assert.deepEqual([From, custom], ["client:rep_1", { lead: "L 7" }]);
  await callee.phone("accept");
  await caller.happened("accept");
  await oneWay(stage, caller, callee);
  await oneWay(stage, callee, caller);
  stage.saw("they hear each other, one in Opus and the other in PCMU");

  for (const [presses, hears] of [
    [caller, callee],
    [callee, caller],
  ]) {
    await Promise.all([presses, hears].map((page) => page.phone("mute", true)));
    await presses.phone("sendDigits", "111111");
    await stage.hears(hears, [697, 1_209]);
  }
  stage.saw("each hears the keys of the other");
  await callee.phone("hangUp");
  await caller.happened("disconnect");

  stage.application.answer("/voice", dial('answerOnBridge="true"'));
  await ring(caller, callee, 2);
  await callee.phone("reject");
  await until("the caller is told", async () => (await caller.phone("status")) === "closed");
  await ring(caller, callee, 3);
  await caller.phone("hangUp");
  await callee.happened("cancel");
  stage.saw("one rejected, and one gave up");
}

const dial = (attributes) => `<Response><Dial ${attributes}><Client><Identity>rep_2</Identity>
  <Parameter name="lead" value="L 7"/></Client></Dial></Response>`;

async function ring(caller, callee, times) {
  await caller.phone("dial", { params: {} });
  await until("it rings", async () => {
    const events = await callee.read("events");
    return events.filter((event) => event === "incoming").length === times;
  });
}

/** Only `speaker` is heard: the other one hears the beeps of its microphone, and it hears nothing. */
async function oneWay(stage, speaker, listener) {
  await speaker.phone("mute", false);
  await listener.phone("mute", true);
  await until("the beeps are heard", async () => (await listener.phone("level")) > 0.02);
  await until("nothing comes back", async () => (await speaker.phone("level")) < 0.002);
}

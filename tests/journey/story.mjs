// The journey of a rep's first calls, told once and played in the real window and in Chromium.
import assert from "node:assert/strict";
import { join } from "node:path";
import { loudness, share } from "./sound.mjs";
import { until } from "./processes.mjs";

/** What the first prospect's phone plays. */
const PROSPECT_HZ = 440;
/** What the rep says into the microphone. */
const REP_HZ = 1_000;
/** A tone counts as heard when it is most of what there is, and as gone when next to nothing of it is left. */
const HEARD_SHARE = 0.6;
const HEARD_LOUDNESS = 300;
const GONE_LOUDNESS = 30;

/**
 * `stage` holds the desk, the network, the dialer and the people; `open()` opens the app. Each step is reported by
 * `step(name, action)`, which also takes a picture.
 */
export async function tellStory(stage, step) {
  const { desk, network } = stage;
  let app = await stage.open();
  const shows = (text, limitMs) =>
    until(
      `the window shows "${text}"`,
      async () => (await app.text()).toLowerCase().includes(text.toLowerCase()),
      limitMs,
    );
  const heardTone = async (sid, hz) => {
    const { samples, rateHz } = await network.heard(sid, 1);
    return loudness(samples) > HEARD_LOUDNESS && share(samples, rateHz, hz) > HEARD_SHARE;
  };
  const heardNothing = async (sid) => {
    const { samples, rateHz } = await network.heard(sid, 1);
    return samples.length >= rateHz && loudness(samples) < GONE_LOUDNESS;
  };

  await step("the window opens on the sign-in", app, () => shows("Sign in"));

  await step("a wrong password is refused in a plain sentence", app, async () => {
    await app.click("Sign in");
    await shows("Waiting for your browser");
    const refusal = await stage.signIn({ password: "not-the-password" });
    assert.match(refusal, /password/i);
  });

  await step("the rep signs in through the browser", app, async () => {
    await stage.signIn({ password: stage.rep.password, again: true });
    await shows(stage.rep.name);
    await shows(stage.campaign);
  });

  await step("the rep sits down: the phone joins the room", app, async () => {
    desk.startRecording();
    await app.click(stage.campaign);
    await until("Start can be pressed", () => app.has("button", "Start dialing"), 40_000);
  });

  const agentLeg = await until("the agent's leg is in a room", async () =>
    (await network.legs()).find((leg) => leg.kind === "client" && leg.status === "in-progress"),
  );

  await step("the first prospect is dialed and answers", app, async () => {
    desk.speak(REP_HZ);
    await app.click("Start dialing");
    await network.prospect();
    await until("the call's controls are there", () => app.has("button", "Mute"));
    await shows(stage.leads[0].name);
  });
  const first = await network.prospect();

  await step("the rep hears the prospect in the headset", app, () =>
    until("the prospect's tone is in the headset", () => {
      const { samples, rateHz } = desk.heard(1);
      return loudness(samples) > HEARD_LOUDNESS && share(samples, rateHz, PROSPECT_HZ) > HEARD_SHARE;
    }),
  );

  await step("the prospect hears the rep", app, () =>
    until("the rep's tone reached the prospect", () => heardTone(first.sid, REP_HZ)),
  );

  await step("muted, the prospect hears nothing", app, async () => {
    await app.click("Mute");
    await until("the rep's tone is gone", () => heardNothing(first.sid));
    await app.click("Unmute");
    await until("the rep's tone is back", () => heardTone(first.sid, REP_HZ));
  });

  if (stage.killDialer) {
    await step("the dialer is killed: the conversation goes on, the note is kept", app, async () => {
      await stage.killDialer();
      await shows("can't be reached");
      await app.fill("Note", "Asked about the warranty.");
      assert.ok(await heardTone(first.sid, REP_HZ), "the prospect still hears the rep");
      await stage.startDialer();
      await until("the dialer is back", async () => !(await app.text()).includes("can't be reached"), 40_000);
      assert.equal((await network.prospect()).sid, first.sid, "the same conversation");
    });
  } else {
    await step("the rep writes a note", app, () => app.fill("Note", "Asked about the warranty."));
  }

  await step("hanging up ends the prospect's leg and keeps the agent's", app, async () => {
    await app.click("End the call");
    await until("the prospect's leg is over", async () =>
      (await network.legs()).some((leg) => leg.sid === first.sid && leg.status === "completed"),
    );
    await until("the wrap-up is there", () => app.has("button", "Save & pause", { disabled: true }));
    const agent = (await network.legs()).find((leg) => leg.sid === agentLeg.sid);
    assert.equal(agent.status, "in-progress");
  });

  await step("a disposition, and the next prospect is dialed", app, async () => {
    desk.quiet();
    await app.click("Interested", "option");
    await app.click("Save & next");
    const second = await until("the next prospect answers", async () =>
      (await network.legs()).find(
        (leg) => leg.kind === "person" && leg.status === "in-progress" && leg.sid !== first.sid,
      ),
    );
    assert.notEqual(second.to, first.to);
    await shows(stage.leads[1].name);
  });

  await step("the second prospect speaks", app, () =>
    until("a voice is in the headset", () => {
      const { samples, rateHz } = desk.heard(2);
      return loudness(samples) > HEARD_LOUDNESS && share(samples, rateHz, PROSPECT_HZ) < HEARD_SHARE;
    }),
  );

  await step("the second call is wrapped up, and dialing pauses", app, async () => {
    await app.click("End the call");
    await app.click("Call back", "option");
    await app.fill("Note", "After four, on Thursdays.");
    await app.click("Save & pause");
    await until("the rep is back at Start", () => app.has("button", "Start dialing"));
  });

  await step("after a restart the rep is still signed in, and History has both calls", app, async () => {
    await app.close();
    app = await stage.open();
    await shows(stage.rep.name, 40_000);
    await app.click("History");
    await shows(stage.leads[0].name);
    await shows(stage.leads[1].name);
    await app.screenshot(join(stage.folder, "history.png"));
  });

  await app.close();
}

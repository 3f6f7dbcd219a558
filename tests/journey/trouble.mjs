// What goes wrong on a rep's desk: each time a plain sentence, and nothing lost.
import assert from "node:assert/strict";
import { loudness, share } from "./sound.mjs";
import { until } from "./processes.mjs";

const PROSPECT_HZ = 440;
const HEARD_SHARE = 0.6;
const HEARD_LOUDNESS = 300;

/** Plays in the real window only: a keyring and a headset are what the desktop has and a page has not. */
export async function tellTrouble(stage, step) {
  const { desk, network } = stage;
  await stage.killDialer();
  let app = await stage.open();
  const shows = (pattern, limitMs) =>
    until(`the window shows ${pattern}`, async () => pattern.test(await app.text()), limitMs);
  const headsetPlays = () =>
    until("the prospect's tone is in the headset", () => {
      const { samples, rateHz } = desk.heard(1);
      return loudness(samples) > HEARD_LOUDNESS && share(samples, rateHz, PROSPECT_HZ) > HEARD_SHARE;
    });

  await step("the dialer is gone at start: the window says so, and then signs in", app, async () => {
    await app.click("Sign in");
    await shows(/can't be reached|cannot be reached/i);
    await app.screenshot(`${stage.folder}/no-dialer.png`);
    await stage.startDialer();
    await app.click("Sign in");
    await stage.signIn({ password: stage.rep.password });
    await shows(new RegExp(stage.rep.name));
  });

  await step("without a headset the call still connects, and the window says what to do", app, async () => {
    desk.unplug();
    await app.click(stage.campaign);
    await until("Start can be pressed", () => app.has("button", "Start dialing"), 40_000);
    await app.click("Start dialing");
    await network.prospect();
    await shows(/plug (one )?in/i);
  });

  const call = await network.prospect();

  await step("plugged in during the call, the headset is used", app, async () => {
    desk.plug();
    desk.startRecording();
    await headsetPlays();
    await until("the sentence is gone", async () => !/plug (one )?in/i.test(await app.text()));
  });

  await step("pulled out and plugged in again, the headset comes back", app, async () => {
    desk.unplug();
    await shows(/plug (one )?in/i);
    desk.plug();
    desk.startRecording();
    await headsetPlays();
    assert.equal((await network.prospect()).sid, call.sid, "the same call all along");
    await app.click("End the call");
    await app.click("Not interested", "option");
    await app.click("Save & pause");
    await until("the rep is back at Start", () => app.has("button", "Start dialing"));
  });

  await step("a locked keyring asks to be unlocked, and the rep is still signed in", app, async () => {
    await app.close();
    desk.lockKeyring();
    app = await stage.open();
    await shows(/keyring is locked/i);
    await app.click("Unlock");
    await desk.answerKeyringPrompt();
    await shows(new RegExp(stage.rep.name));
  });

  await step(
    "without any keyring the rep can work, and is told to sign in after each start",
    app,
    async () => {
      await app.close();
      app = await stage.open({ keyring: false });
      await app.click("Sign in");
      await stage.signIn({ password: stage.rep.password });
      await shows(new RegExp(stage.rep.name));
      await shows(/sign in after each start/i);
    },
  );

  await app.close();
}

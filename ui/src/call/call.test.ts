import { expect, test } from "vitest";

import { fakeBackend } from "../backend/fake";
import { CallController } from "./call.svelte";
import { SAVE_DELAY_MS } from "./draft.svelte";

class SilentPhone {
  muted = false;
  digits = "";

  setMuted(muted: boolean): void {
    this.muted = muted;
  }

  sendDigits(digits: string): boolean {
    this.digits += digits;
    return true;
  }
}

async function at(scene: string) {
  const backend = fakeBackend(scene);
  const phone = new SilentPhone();
  const call = new CallController(backend, phone);
  await backend.onSnapshot((snapshot) => call.follow(snapshot));
  call.follow(backend.snapshot);
  const commands = () => backend.asked.map(([command]) => command);
  return { backend, phone, call, commands };
}

test("what was kept for this call is there again after a restart", async () => {
  const { call } = await at("wrap-up");
  expect(call.draft.note).toMatch(/Seven chairs/);
  expect(call.draft.disposition).toBe("meeting");
});

test("what is kept for another call is not shown in this one", async () => {
  const { backend, call } = await at("offline-talking");
  backend.show({
    draft: { attemptId: "01JOTHER000000000000000000", disposition: "meeting", note: "Not hers." },
  });
  expect(call.draft.note).toBe("");
});

test("typing is saved once, after a pause, and the echo does not disturb it", async () => {
  const { backend, call } = await at("talking");
  call.draft.write("Call a");
  call.draft.write("Call after three.");
  expect(call.draft.unsaved).toBe(true);
  await expect.poll(() => backend.asked, { timeout: SAVE_DELAY_MS * 10 }).toHaveLength(1);
  expect(backend.asked[0]?.slice(2)).toEqual([null, "Call after three."]);
  expect(call.draft.note).toBe("Call after three.");
});

test("a disk that refuses is said, and tried again with the next change", async () => {
  const { backend, call } = await at("talking");
  backend.refuse("saveDraft", "The disk is full");
  call.draft.write("Important.");
  await call.draft.flush();
  expect(call.draft.trouble).toMatch(/The disk is full\. Do not close the window\./);
  expect(call.draft.unsaved).toBe(true);
});

test("save & next needs to know how it went", async () => {
  const { backend, call, commands } = await at("wrap-up");
  const state = backend.snapshot.seat?.state;
  call.draft.disposition = null;
  expect(await call.saveAndNext()).toBe(false);
  expect(commands()).toEqual([]);
  expect(state?.kind).toBe("wrap_up");
});

test("save & next stores what stands on the screen and lets the dialing go on", async () => {
  const { backend, call } = await at("wrap-up");
  call.draft.write("Thursday at ten.");
  expect(await call.saveAndNext()).toBe(true);
  expect(backend.asked).toEqual([["finishWrapUp", expect.any(String), "meeting", "Thursday at ten."]]);
  expect(backend.snapshot.seat?.state.kind).toBe("dialing");
});

test("save & next begins dialing again after a pause was asked for", async () => {
  const { backend, call, commands } = await at("wrap-up");
  await backend.pauseDialing();
  await call.saveAndNext();
  expect(commands()).toEqual(["pauseDialing", "finishWrapUp", "startDialing"]);
  expect(backend.snapshot.seat?.state.kind).toBe("dialing");
});

test("save & pause pauses first, so that no call slips out between", async () => {
  const { backend, call, commands } = await at("wrap-up");
  expect(await call.saveAndPause()).toBe(true);
  expect(commands()).toEqual(["pauseDialing", "finishWrapUp"]);
  expect(backend.snapshot.seat?.state.kind).toBe("paused");
});

test("save & pause saves even if the pause is refused, and says that it was", async () => {
  const { backend, call, commands } = await at("wrap-up");
  backend.refuse("pauseDialing", "The dialer can't be reached.");
  expect(await call.saveAndPause()).toBe(false);
  expect(commands()).toContain("finishWrapUp");
  expect(call.ask.error).toBe("The dialer can't be reached.");
});

test("a refused wrap-up keeps everything on the screen", async () => {
  const { backend, call } = await at("wrap-up");
  backend.refuse("finishWrapUp", "The disk is full.");
  expect(await call.saveAndNext()).toBe(false);
  expect(call.draft.note).toMatch(/Seven chairs/);
  expect(call.canSave).toBe(true);
});

test("a wrap-up saved while offline is not offered twice", async () => {
  const { backend, call } = await at("wrap-up");
  backend.show({ server: { kind: "offline", message: "The dialer can't be reached." } });
  await call.saveAndNext();
  expect(call.saved).toBe(true);
  expect(call.canSave).toBe(false);
});

test("the next conversation starts unmuted, with an empty note and no digits", async () => {
  const { phone, call, backend } = await at("talking");
  call.toggleMute();
  call.press("4");
  expect([phone.muted, call.digits]).toEqual([true, "4"]);
  await call.hangUp();
  call.draft.choose("interested");
  await call.saveAndNext();
  await expect.poll(() => backend.snapshot.seat?.state.kind).toBe("talking");
  await call.hangUp();
  await call.saveAndNext();
  call.draft.choose("interested");
  expect([phone.muted, call.digits, call.draft.note]).toEqual([false, "", ""]);
});

test("digit keys choose what the campaign offers, in its order", async () => {
  const { call } = await at("talking");
  call.chooseAt(2);
  expect(call.draft.disposition).toBe("call_back");
  call.chooseAt(8);
  expect(call.draft.disposition).toBe("call_back");
});

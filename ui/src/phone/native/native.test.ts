import type { Call, Device } from "@twilio/voice-sdk";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { FakeEngine, FakeSignalling, SDP } from "./fake";
import { nativeMedia } from "./index";
import type { NativeConnection } from "./connection";

const BROWSERS_OWN = ["RTCPeerConnection", "RTCSessionDescription", "RTCRtpReceiver", "RTCDTMFSender"];

describe("the unmodified Voice SDK on a page without WebRTC", () => {
  let engine: FakeEngine;
  let device: Device;

  beforeEach(async () => {
    for (const name of BROWSERS_OWN) Reflect.deleteProperty(globalThis, name);
    engine = new FakeEngine();
    const overrides = await nativeMedia({ engine, audioDevices });
    // The SDK looks at the page when it loads.
    const sdk = await import("@twilio/voice-sdk");
    const options: object = {
      ...overrides,
      PStream: FakeSignalling,
      Sound: SilentSound,
      publishEvents: false,
      codecPreferences: ["opus", "pcmu"],
      logLevel: "silent",
    };
    device = new sdk.Device("token", options);
  });

  afterEach(() => device.destroy());

  test("opens a call and gives samples with a score", async () => {
    const { call, line } = await answered();
    expect(engine.asked).toEqual(["reset", "offer opus,PCMU", "unmute 1", "accept 1"]);
    expect(line.sent).toEqual(["invite"]);

    const samples: { mos: number | null; codecName: string; rtt: number }[] = [];
    call.on("sample", (sample) => samples.push(sample as never));
    await vi.waitUntil(() => samples.length >= 2, { timeout: 5_000 });
    expect(samples[1]).toMatchObject({ codecName: "opus", rtt: 20 });
    expect(samples[1]?.mos).toBeGreaterThan(4);
  });

  test("lists the microphones of the backend, and takes the one that is chosen", async () => {
    const { call } = await answered();
    await device.audio?.setInputDevice("headset-microphone");
    call.mute(true);
    expect(engine.asked.at(-1)).toBe("mute 1");
  });

  test("mutes at the engine and lets pass again", async () => {
    const { call } = await answered();
    engine.asked.length = 0;
    call.mute(true);
    call.mute(false);
    expect(engine.asked).toEqual(["mute 1", "unmute 1"]);
  });

  test("presses keys through the engine", async () => {
    const { call, line } = await answered();
    call.sendDigits("12w#");
    await vi.waitUntil(() => engine.asked.includes("press 1 #"), { timeout: 5_000 });
    expect(engine.asked).toContain("press 1 12");
    expect(line.sent).not.toContain("dtmf");
  });

  test("closes the engine's connection when the rep hangs up", async () => {
    const { call } = await answered();
    call.disconnect();
    expect(engine.asked.at(-1)).toBe("close 1");
  });

  test("takes a connection that the other side closed for a hang-up, not a failure", async () => {
    const { call, line } = await answered();
    const errors: unknown[] = [];
    call.on("error", (error) => errors.push(error));
    engine.tell({ peer: 1, state: "closed" });
    line.emit("hangup", { callsid: call.parameters["CallSid"] });
    expect(call.status()).toBe("closed");
    expect(errors).toEqual([]);
  });

  test("says what is wrong with an answer the engine refuses, instead of hanging", async () => {
    engine.refusesAnswers = true;
    const { call, line } = await ringing();
    const failed = new Promise<{ code: number }>((resolve) => call.on("error", resolve));
    line.emit("answer", { callsid: "CA1", sdp: SDP });
    expect((await failed).code).toBe(53_402);
  });

  test("warns while the path is silent", async () => {
    const { call } = await answered();
    const told: string[] = [];
    call.on("warning", (name: string) => told.push(name));
    call.on("warning-cleared", (name: string) => told.push(`${name} cleared`));
    engine.tell({ peer: 1, state: "connected" });
    engine.tell({ peer: 1, state: "disconnected" });
    engine.tell({ peer: 1, state: "connected" });
    expect(told).toEqual(["ice-connectivity-lost", "ice-connectivity-lost cleared"]);
  });

  async function ringing(): Promise<{ call: Call; line: FakeSignalling }> {
    const call = await device.connect();
    const line = FakeSignalling.current;
    if (!line) throw new Error("the SDK made no signalling");
    await vi.waitUntil(() => line.sent.includes("invite"));
    return { call, line };
  }

  async function answered(): Promise<{ call: Call; line: FakeSignalling }> {
    const { call, line } = await ringing();
    line.emit("answer", { callsid: "CA1", sdp: SDP });
    await vi.waitUntil(() => call.status() === "open");
    line.sent.splice(1);
    return { call, line };
  }
});

test("a page that asks the old way is called back", async () => {
  const engine = new FakeEngine();
  const connection = await connectionOf(engine);
  const offer = await new Promise<{ sdp: string }>((done, failed) => connection.createOffer(done, failed));
  await connection.setLocalDescription({ type: "offer", sdp: offer.sdp });
  expect(connection.signalingState).toBe("have-local-offer");

  engine.refusesAnswers = true;
  const error = await new Promise((done, failed) => {
    connection.setRemoteDescription({ type: "answer", sdp: SDP }, failed, done);
  });
  expect(error).toBeInstanceOf(Error);
});

test("a connection that is closed before the engine made it is closed there, too", async () => {
  const engine = new FakeEngine();
  const connection = await connectionOf(engine);
  const offer = connection.createOffer();
  connection.close();
  await expect(offer).rejects.toThrow();
  expect(engine.asked.at(-1)).toBe("close 1");
});

test("an answer is made to the other side's offer", async () => {
  const engine = new FakeEngine();
  const connection = await connectionOf(engine);
  await connection.setRemoteDescription({ type: "offer", sdp: SDP });
  await connection.setLocalDescription(await connection.createAnswer());
  expect(connection.signalingState).toBe("stable");
});

async function connectionOf(engine: FakeEngine): Promise<NativeConnection> {
  const overrides = await nativeMedia({ engine, audioDevices });
  const Connection = overrides.RTCPeerConnection as new () => NativeConnection;
  return new Connection();
}

async function audioDevices() {
  const headset = (name: string) => ({ id: `headset-${name}`, name, isDefault: true });
  return { inputs: [headset("microphone")], outputs: [headset("speaker")] };
}

class SilentSound {
  async play(): Promise<void> {}
  stop(): void {}
  get isPlaying(): boolean {
    return false;
  }
}

// A backend without a program behind it: starts in a scene and plays a small, friendly floor from there.
import { BackendError, type Backend } from "./index";
import type { AudioSettings, CallRecord, SeatState, Snapshot } from "./bindings";
import { attemptOf, morning, NOW_MS, SCENES } from "./scenes";

/** How long the imagined phone rings. */
const RING_MS = 400;
/** How long the imagined room takes to answer. */
const JOIN_MS = 150;
const METER_MS = 50;

/** What a test may look at and change. */
export type FakeBackend = Backend & {
  snapshot: Snapshot;
  /** Every command with its arguments, oldest first. */
  readonly asked: [command: string, ...values: unknown[]][];
  /** Makes the named command fail from now on. */
  refuse(command: string, message: string): void;
  /** Shows another snapshot. */
  show(change: Partial<Snapshot>): void;
  /** The rep tries to close the window. */
  requestClose(): void;
};

export function fakeBackend(scene: string): FakeBackend {
  const listeners = new Set<(snapshot: Snapshot) => void>();
  const closeListeners = new Set<() => void>();
  const refusals = new Map<string, string>();
  const asked: FakeBackend["asked"] = [];
  const calls: CallRecord[] = morning(NOW_MS);
  let audio: AudioSettings = { inputId: null, outputId: null, ringVolume: 0.5 };
  // The scenes themselves show the first leads.
  let place = 3;

  const backend: FakeBackend = {
    engine: null,
    // The scenes happen at one moment, wherever the clock of this machine stands.
    snapshot: {
      ...(SCENES[scene] ?? (SCENES["signed-out"] as Snapshot)),
      clockOffsetMs: NOW_MS - Date.now(),
    },
    asked,
    refuse: (command, message) => void refusals.set(command, message),
    show(change) {
      backend.snapshot = { ...backend.snapshot, ...change };
      listeners.forEach((listener) => listener(backend.snapshot));
    },
    requestClose: () => closeListeners.forEach((listener) => listener()),

    getSnapshot: () => answer("getSnapshot", [], () => backend.snapshot),
    history: (before, limit) => answer("history", [before, limit], () => (before === null ? calls : [])),
    audioDevices: () => answer("audioDevices", [], () => DEVICES),
    audioSettings: () => answer("audioSettings", [], () => audio),

    signIn: () => answer("signIn", [], () => backend.show(SCENES["awaiting-browser"] as Snapshot)),
    cancelSignIn: () => answer("cancelSignIn", [], () => backend.show(SCENES["signed-out"] as Snapshot)),
    signOut: () => answer("signOut", [], () => backend.show(SCENES["signed-out"] as Snapshot)),
    setServerUrl: (url) => answer("setServerUrl", [url], () => backend.show({ serverUrl: url })),
    unlockKeyring: () => answer("unlockKeyring", [], () => backend.show(SCENES["campaigns"] as Snapshot)),
    takeSeat: (campaignId) =>
      answer("takeSeat", [campaignId], () => {
        backend.show({
          seat: {
            seatId: "01JSEAT0000000000000000001",
            campaignId,
            state: { kind: "joining" },
            dialing: false,
          },
        });
        setTimeout(() => sit({ kind: "paused" }), JOIN_MS);
      }),
    startDialing: () => answer("startDialing", [], () => dialNext()),
    pauseDialing: () => answer("pauseDialing", [], () => pause()),
    leaveSeat: () => answer("leaveSeat", [], () => backend.show({ seat: null })),
    hangUp: () => answer("hangUp", [], () => hangUp()),
    saveDraft: (attemptId, disposition, note) =>
      answer("saveDraft", [attemptId, disposition, note], () =>
        backend.show({ draft: { attemptId, disposition, note } }),
      ),
    finishWrapUp: (attemptId, disposition, note) =>
      answer("finishWrapUp", [attemptId, disposition, note], () => {
        backend.show({ draft: null });
        if (backend.snapshot.server.kind === "offline") {
          backend.show({ unsentCount: backend.snapshot.unsentCount + 1 });
          return;
        }
        if (backend.snapshot.seat?.dialing) dialNext();
        else sit({ kind: "paused" });
      }),
    setAudioSettings: (settings) =>
      answer("setAudioSettings", [settings], () => {
        audio = settings;
      }),
    dismissNotice: (id) =>
      answer("dismissNotice", [id], () =>
        backend.show({ notices: backend.snapshot.notices.filter((notice) => notice.id !== id) }),
      ),
    voiceToken: () =>
      answer("voiceToken", [], () => ({ token: "fake", identity: "maya", ttlS: 3600, signallingHost: null })),
    reportPhone: (state, detail) => answer("reportPhone", [state, detail], () => undefined),
    playTestTone: () => answer("playTestTone", [], () => undefined),
    closeWindow: () => answer("closeWindow", [], () => undefined),

    async onSnapshot(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async onCloseRequested(listener) {
      closeListeners.add(listener);
      return () => closeListeners.delete(listener);
    },
    async watchMicrophone(listener) {
      await answer("watchMicrophone", [], () => undefined);
      let tick = 0;
      const timer = setInterval(() => listener(0.3 + 0.25 * Math.sin(tick++ / 4)), METER_MS);
      return () => clearInterval(timer);
    },
  };
  return backend;

  async function answer<T>(command: string, values: unknown[], act: () => T): Promise<T> {
    asked.push([command, ...values]);
    const refusal = refusals.get(command);
    if (refusal !== undefined) throw new BackendError("refused", refusal);
    return act();
  }

  function sit(state: SeatState, dialing = backend.snapshot.seat?.dialing ?? false): void {
    const { seat } = backend.snapshot;
    if (seat !== null) backend.show({ seat: { ...seat, state, dialing } });
  }

  function now_ms(): number {
    return Date.now() + backend.snapshot.clockOffsetMs;
  }

  function dialNext(): void {
    const current = backend.snapshot.seat?.state.kind;
    if (current === "talking" || current === "dialing") return;
    const attempt = attemptOf(place++, now_ms(), null, null);
    sit({ kind: "dialing", attempt }, true);
    setTimeout(() => {
      const state = backend.snapshot.seat?.state;
      if (state?.kind !== "dialing" || state.attempt.attemptId !== attempt.attemptId) return;
      sit({
        kind: "talking",
        attempt: { ...attempt, state: "connected", answeredAt: new Date(now_ms()).toISOString() },
      });
    }, RING_MS);
  }

  function pause(): void {
    const state = backend.snapshot.seat?.state;
    if (state === undefined) return;
    sit(state.kind === "waiting" ? { kind: "paused" } : state, false);
  }

  function hangUp(): void {
    const state = backend.snapshot.seat?.state;
    const endedAt = new Date(now_ms()).toISOString();
    if (state?.kind === "talking")
      sit({ kind: "wrap_up", attempt: { ...state.attempt, state: "ended", endedAt } });
    if (state?.kind === "dialing") sit({ kind: "paused" });
  }
}

const DEVICES = {
  inputs: [
    { id: "headset-in", name: "Jabra Evolve2 40", isDefault: true },
    { id: "built-in", name: "Built-in microphone", isDefault: false },
  ],
  outputs: [
    { id: "headset-out", name: "Jabra Evolve2 40", isDefault: true },
    { id: "speakers", name: "Built-in speakers", isDefault: false },
  ],
};

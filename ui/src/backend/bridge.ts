// The backend of a plain browser: the desktop's commands by HTTP, its events by WebSocket, from the page's own origin.
import { BackendError, type Backend, type Stop } from "./index";
import type { AudioDevices, AudioSettings, CallRecord, Error_, Snapshot, VoiceToken } from "./bindings";

/** After a lost event socket, in milliseconds. */
const RECONNECT_DELAY_MS = 1_000;

type BridgeEvent =
  | { event: "snapshot-changed"; payload: Snapshot }
  | { event: "close-requested"; payload: null }
  | { event: "microphone-level"; payload: number };

/** Talks to the bridge that served this page. */
export function bridgeBackend(): Backend {
  const listeners = new Set<(event: BridgeEvent) => void>();
  openEvents((event) => listeners.forEach((listener) => listener(event)));

  async function on(listener: (event: BridgeEvent) => void): Promise<Stop> {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return {
    engine: null,

    getSnapshot: () => post<Snapshot>("get_snapshot"),
    history: (before, limit) => post<CallRecord[]>("history", { before, limit }),
    audioDevices: () => post<AudioDevices>("audio_devices"),
    audioSettings: () => post<AudioSettings>("audio_settings"),

    signIn: () => post("sign_in"),
    cancelSignIn: () => post("cancel_sign_in"),
    signOut: () => post("sign_out"),
    setServerUrl: (url) => post("set_server_url", { url }),
    unlockKeyring: () => post("unlock_keyring"),
    takeSeat: (campaignId) => post("take_seat", { campaignId }),
    startDialing: () => post("start_dialing"),
    pauseDialing: () => post("pause_dialing"),
    leaveSeat: () => post("leave_seat"),
    hangUp: () => post("hang_up"),
    saveDraft: (attemptId, disposition, note) => post("save_draft", { attemptId, disposition, note }),
    finishWrapUp: (attemptId, disposition, note) => post("finish_wrap_up", { attemptId, disposition, note }),
    setAudioSettings: (settings) => post("set_audio_settings", { settings }),
    dismissNotice: (id) => post("dismiss_notice", { id }),
    voiceToken: () => post<VoiceToken>("voice_token"),
    reportPhone: (state, detail) => post("report_phone", { report: { state, detail } }),
    playTestTone: () => post("play_test_tone"),
    closeWindow: () => post("close_window"),

    onSnapshot: (listener) =>
      on((event) => {
        if (event.event === "snapshot-changed") listener(event.payload);
      }),
    onCloseRequested: (listener) =>
      on((event) => {
        if (event.event === "close-requested") listener();
      }),
    async watchMicrophone(listener) {
      const stop = await on((event) => {
        if (event.event === "microphone-level") listener(event.payload);
      });
      await post("watch_microphone");
      return () => {
        stop();
        void post("stop_microphone");
      };
    },
  };
}

async function post<T = void>(command: string, args: Record<string, unknown> = {}): Promise<T> {
  const response = await fetch(`/ipc/${command}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(args),
  });
  const body: unknown = await response.json();
  if (response.ok) return body as T;
  const { code, message } = body as Error_;
  throw new BackendError(code, message);
}

function openEvents(deliver: (event: BridgeEvent) => void): void {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/ipc/events`);
  // Whatever was missed while the socket was down is in the next snapshot.
  socket.onopen = async () =>
    deliver({ event: "snapshot-changed", payload: await post<Snapshot>("get_snapshot") });
  socket.onmessage = (message) => deliver(JSON.parse(String(message.data)) as BridgeEvent);
  socket.onclose = () => setTimeout(() => openEvents(deliver), RECONNECT_DELAY_MS);
}

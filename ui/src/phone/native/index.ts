// Media outside the page, for webviews without WebRTC: the engine in the program behind it does the work.
import type { AudioDevice, Backend } from "../../backend";
import type { MediaOverrides } from "../sdk";
import { CODECS, NativeConnection, type Connections } from "./connection";
import type { Engine } from "./engine";
import { getUserMedia, MicrophoneStream } from "./microphone";

/** What of the backend carries media. */
type MediaBackend = Pick<Backend, "audioDevices" | "engine">;

/** What the SDK gets in place of the browser's own media. Ends what an earlier page left in the engine. */
export async function nativeMedia(backend: MediaBackend): Promise<MediaOverrides> {
  const { engine, audioDevices } = backend;
  if (engine === null) throw new Error("This backend carries no media; use a webview with WebRTC.");
  const connections: Connections = new Map();
  await engine.onEvent(({ peer, state }) => connections.get(peer)?.pathChanged(state));
  await engine.reset();
  defineGlobals();

  return {
    RTCPeerConnection: connectionClass(engine, connections),
    MediaStream: MicrophoneStream,
    // The SDK uses only the members that this stream has.
    getUserMedia: getUserMedia as unknown as MediaOverrides["getUserMedia"],
    enumerateDevices: async () => {
      const { inputs, outputs } = await audioDevices();
      return [...asBrowser("audioinput", inputs), ...asBrowser("audiooutput", outputs)];
    },
  };
}

function connectionClass(engine: Engine, connections: Connections): new () => NativeConnection {
  return class extends NativeConnection {
    constructor() {
      super(engine, connections);
    }
  };
}

function asBrowser(kind: MediaDeviceKind, devices: AudioDevice[]): MediaDeviceInfo[] {
  const info = (deviceId: string, label: string) => ({ deviceId, kind, label, groupId: "" });
  const named = devices.map(({ id, name }) => info(id, name));
  const all = named.length === 0 ? [] : [info("default", "Default"), ...named];
  return all.map((device) => ({ ...device, toJSON: () => device }));
}

/** The SDK uses these without an option for them. */
function defineGlobals(): void {
  const globals = {
    RTCSessionDescription: class {
      readonly type: RTCSdpType;
      readonly sdp: string;
      constructor({ type, sdp = "" }: RTCSessionDescriptionInit) {
        this.type = type;
        this.sdp = sdp;
      }
    },
    RTCRtpReceiver: class {
      static getCapabilities = () => ({ codecs: CODECS.map((codec) => ({ mimeType: `audio/${codec}` })) });
    },
    // Only looked for: it says that a sender can press keys.
    RTCDTMFSender: class {},
  };
  for (const [name, value] of Object.entries(globals)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value, configurable: true });
  }
}

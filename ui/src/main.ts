// The composition root: which backend, which phone, one window.
import { mount } from "svelte";

import App from "./App.svelte";
import { AppController } from "./app.svelte";
import type { Backend } from "./backend";
import { nativeMedia } from "./phone/native";
import { Phone } from "./phone/phone.svelte";
import { sdkDevices, type MediaOverrides, type OpenDevice } from "./phone/sdk";
import "./styles/base.css";

const { backend, openDevice } = await choose();
const phone = new Phone({
  openDevice,
  voiceToken: () => backend.voiceToken(),
  report: (state, detail) => {
    // The snapshot says it if the backend is gone; the phone itself goes on.
    void backend.reportPhone(state, detail).catch(() => undefined);
  },
  now: Date.now,
});
const app = new AppController(backend, phone);
void app.start();

const target = document.getElementById("app");
if (target === null) throw new Error("index.html has the element #app");
mount(App, { target, props: { app } });

async function choose(): Promise<{ backend: Backend; openDevice: OpenDevice }> {
  if ("__TAURI_INTERNALS__" in window) {
    const { tauriBackend } = await import("./backend/tauri");
    return { backend: tauriBackend, openDevice: realDevices(tauriBackend) };
  }
  if (document.querySelector('meta[name="offhook-bridge"]')) {
    const { bridgeBackend } = await import("./backend/bridge");
    const bridge = bridgeBackend();
    return { backend: bridge, openDevice: realDevices(bridge) };
  }
  const [{ fakeBackend }, { fakeDevices }] = await Promise.all([
    import("./backend/fake"),
    import("./phone/fake"),
  ]);
  const scene = new URLSearchParams(location.search).get("scene") ?? "signed-out";
  const { open } = fakeDevices(() => (scene === "microphone-forbidden" ? 31401 : true));
  return { backend: fakeBackend(scene), openDevice: open };
}

function realDevices(backend: Backend): OpenDevice {
  let native: Promise<MediaOverrides> | null = null;
  return sdkDevices(async () => {
    if (app.snapshot?.media !== "native") return null;
    // Asked once: asking again would end the calls of the first.
    native ??= nativeMedia(backend);
    return native;
  });
}

// The backend of the desktop app: Tauri's typed commands and events.
import { Channel } from "@tauri-apps/api/core";

import type { Backend } from "./index";
import { commands, events } from "./bindings";
import { done, value } from "./reply";
import { tauriEngine } from "./tauriEngine";

/** Answers from the program that owns this window. */
export const tauriBackend: Backend = {
  engine: tauriEngine,

  getSnapshot: () => value(commands.getSnapshot()),
  history: (before, limit) => value(commands.history(before, limit)),
  audioDevices: () => value(commands.audioDevices()),
  audioSettings: () => value(commands.audioSettings()),

  signIn: () => done(commands.signIn()),
  cancelSignIn: () => done(commands.cancelSignIn()),
  signOut: () => done(commands.signOut()),
  setServerUrl: (url) => done(commands.setServerUrl(url)),
  unlockKeyring: () => done(commands.unlockKeyring()),
  takeSeat: (campaignId) => done(commands.takeSeat(campaignId)),
  startDialing: () => done(commands.startDialing()),
  pauseDialing: () => done(commands.pauseDialing()),
  leaveSeat: () => done(commands.leaveSeat()),
  hangUp: () => done(commands.hangUp()),
  saveDraft: (attemptId, disposition, note) => done(commands.saveDraft(attemptId, disposition, note)),
  finishWrapUp: (attemptId, disposition, note) => done(commands.finishWrapUp(attemptId, disposition, note)),
  setAudioSettings: (settings) => done(commands.setAudioSettings(settings)),
  dismissNotice: (id) => done(commands.dismissNotice(id)),
  voiceToken: () => value(commands.voiceToken()),
  reportPhone: (state, detail) => done(commands.reportPhone({ state, detail })),
  playTestTone: () => done(commands.playTestTone()),
  closeWindow: () => done(commands.closeWindow()),

  onSnapshot: (listener) => events.snapshotChanged.listen((event) => listener(event.payload)),
  onCloseRequested: (listener) => events.closeRequested.listen(() => listener()),
  async watchMicrophone(listener) {
    const levels = new Channel<number>();
    levels.onmessage = listener;
    await done(commands.watchMicrophone(levels));
    return () => void commands.stopMicrophone();
  },
};

// The media engine of the desktop app, by Tauri's typed commands and events.
import type { Engine } from "../phone/native/engine";
import { commands, events } from "./bindings";
import { done, value } from "./reply";

/** The engine in the program that owns this window. */
export const tauriEngine: Engine = {
  offer: (codecs) => value(commands.engineOffer([...codecs])),
  answer: (offerSdp, codecs) => value(commands.engineAnswer(offerSdp, [...codecs])),
  acceptAnswer: (peer, answerSdp) => done(commands.engineAcceptAnswer(peer, answerSdp)),
  mute: (peer, muted) => done(commands.engineMute(peer, muted)),
  sendDigits: (peer, digits) => done(commands.engineSendDigits(peer, digits)),
  stats: (peer) => value(commands.engineStats(peer)),
  close: (peer) => done(commands.engineClose(peer)),
  reset: () => done(commands.engineReset()),
  onEvent: (listener) => events.engineEvent.listen((event) => listener(event.payload)),
};

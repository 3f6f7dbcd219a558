// A desk to put the app on: a display, a D-Bus session with a keyring, and a headset, none of them real hardware.
import { execFileSync, spawn } from "node:child_process";
import { closeSync, createWriteStream, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { samplesOf, toneBytes } from "./sound.mjs";
import { until } from "./processes.mjs";

const HEADSET_RATE_HZ = 8_000;
const MICROPHONE_RATE_HZ = 48_000;
const KEYRING_PASSWORD = "desk";

/** What every desktop's sound server does: streams survive the end of their sink, and there is always one. */
const DESKTOP = ["module-rescue-streams", "module-always-sink", "module-native-protocol-unix"];

/** The modules that are the headset; the microphone can be fed through `mic`. */
const HEADSET = [
  "module-null-sink sink_name=headset rate=48000 channels=1 sink_properties=device.description=Headset",
  "module-null-sink sink_name=mic rate=48000 channels=1 sink_properties=device.description=Mouth",
  "module-remap-source master=mic.monitor source_name=virtmic source_properties=device.description=HeadsetMicrophone",
];

export class Desk {
  #recorders = [];
  #modules = [];
  #tone = null;

  /** Everything the app sees of a desktop: its environment. */
  env = {};

  static async setUp(processes, folder) {
    const desk = new Desk();
    desk.processes = processes;
    desk.folder = folder;
    const home = join(folder, "home");
    const runtime = join(folder, "run");
    for (const path of [home, runtime]) mkdirSync(path, { recursive: true, mode: 0o700 });
    desk.env = {
      HOME: home,
      XDG_RUNTIME_DIR: runtime,
      XDG_DATA_HOME: undefined,
      XDG_CONFIG_HOME: undefined,
      XDG_CACHE_HOME: undefined,
    };
    await desk.#display();
    await desk.#keyring();
    await desk.#headset();
    return desk;
  }

  async #display() {
    const server = await this.processes.start(
      "xvfb",
      "Xvfb",
      ["-displayfd", "1", "-screen", "0", "1280x860x24", "-nolisten", "tcp"],
      { ready: /(\d+)\n/ },
    );
    this.env.DISPLAY = `:${server.match[1]}`;
    delete this.env.WAYLAND_DISPLAY;
  }

  async #keyring() {
    const bus = await this.processes.start(
      "dbus",
      "dbus-daemon",
      ["--session", "--nofork", "--print-address=1", "--nopidfile"],
      { env: this.env, ready: /(unix:\S+)\n/ },
    );
    this.env.DBUS_SESSION_BUS_ADDRESS = bus.match[1];
    // It puts itself into the background, and ends with the bus.
    execFileSync("gnome-keyring-daemon", ["--unlock", "--components=secrets"], {
      input: KEYRING_PASSWORD,
      env: { ...process.env, ...this.env },
      stdio: ["pipe", "ignore", "ignore"],
    });
    await until("the keyring has a place for secrets", () =>
      this.#secrets("ReadAlias", "string:default").includes("/collection/"),
    );
  }

  #secrets(method, argument) {
    const name = "org.freedesktop.secrets";
    const path = "/org/freedesktop/secrets";
    return execFileSync(
      "dbus-send",
      [
        "--session",
        "--print-reply",
        `--dest=${name}`,
        path,
        `org.freedesktop.Secret.Service.${method}`,
        argument,
      ],
      { env: { ...process.env, ...this.env }, stdio: ["ignore", "pipe", "ignore"], encoding: "utf8" },
    );
  }

  /** Locks the keyring, as a desktop does that was left alone. */
  lockKeyring() {
    this.#secrets("Lock", "array:objpath:/org/freedesktop/secrets/collection/login");
  }

  /** Types the password into the prompt that asks for it. */
  async answerKeyringPrompt() {
    const env = { ...process.env, ...this.env };
    await until(
      "the desktop asks for the keyring's password",
      () =>
        execFileSync("xdotool", ["search", "--class", "gcr-prompter"], {
          env,
          stdio: ["ignore", "pipe", "ignore"],
        }).length > 0,
    );
    execFileSync("xdotool", ["type", "--delay", "40", KEYRING_PASSWORD], { env });
    execFileSync("xdotool", ["key", "Return"], { env });
  }

  async #headset() {
    await this.processes.start(
      "pulseaudio",
      "pulseaudio",
      [
        "-n",
        "--daemonize=no",
        "--exit-idle-time=-1",
        "--log-target=stderr",
        ...DESKTOP.flatMap((module) => ["-L", module]),
      ],
      { env: this.env },
    );
    await until("the sound server is there", () => this.#pactl("info"));
    this.plug();
  }

  #pactl(...args) {
    return execFileSync("pactl", args, {
      env: { ...process.env, ...this.env },
      stdio: "pipe",
      encoding: "utf8",
    });
  }

  /** Plugs the headset in. */
  plug() {
    this.#modules = HEADSET.map((module) => this.#pactl("load-module", ...module.split(" ")).trim());
    this.#pactl("set-default-sink", "headset");
    this.#pactl("set-default-source", "virtmic");
  }

  /** Pulls the headset out. The sound server keeps a sink that leads nowhere, as on every desktop. */
  unplug() {
    this.clear();
    for (const module of this.#modules.reverse()) this.#pactl("unload-module", module);
  }

  /** Records from now on what the app plays into the headset, and what is said into its microphone. */
  startRecording() {
    this.recording = this.#record("headset");
    this.spoken = this.#record("mic");
  }

  #record(sink) {
    const path = join(this.folder, `${sink}.raw`);
    const recorder = spawn(
      "parec",
      [
        "-d",
        `${sink}.monitor`,
        "--format=s16le",
        `--rate=${HEADSET_RATE_HZ}`,
        "--channels=1",
        "--latency-msec=50",
      ],
      { env: { ...process.env, ...this.env }, stdio: ["ignore", "pipe", "ignore"] },
    );
    recorder.stdout.pipe(createWriteStream(path));
    this.#recorders.push(recorder);
    return path;
  }

  /** Says a sentence into the microphone; done when it is said. */
  say(sentence) {
    const file = join(this.folder, "sentence.wav");
    execFileSync("espeak-ng", ["-v", "en-us+f3", "-s", "165", "-w", file, sentence]);
    return this.#done(
      spawn("paplay", ["-d", "mic", file], { env: { ...process.env, ...this.env }, stdio: "ignore" }),
    );
  }

  /** Listens for that long: a pause in a conversation, not a wait for something. */
  quietFor(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  #done(child) {
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", resolve);
    });
  }

  /** The last `seconds` of what the headset played. */
  heard(seconds) {
    const { size } = statSync(this.recording);
    const length = Math.min(size, seconds * HEADSET_RATE_HZ * 2);
    const bytes = Buffer.alloc(length - (length % 2));
    const file = openSync(this.recording, "r");
    readSync(file, bytes, 0, bytes.length, size - (size % 2) - bytes.length);
    closeSync(file);
    return { rateHz: HEADSET_RATE_HZ, samples: samplesOf(bytes) };
  }

  /** Feeds a steady tone into the microphone until `quiet`. */
  speak(frequencyHz) {
    this.quiet();
    const mouth = spawn(
      "pacat",
      [
        "--playback",
        "-d",
        "mic",
        "--format=s16le",
        `--rate=${MICROPHONE_RATE_HZ}`,
        "--channels=1",
        "--latency-msec=100",
      ],
      { env: { ...process.env, ...this.env }, stdio: ["pipe", "ignore", "ignore"] },
    );
    // A whole number of periods, so that the loop has no click.
    const second = toneBytes(MICROPHONE_RATE_HZ, frequencyHz, 1);
    const feed = () => {
      while (mouth.stdin.writable && mouth.stdin.write(second));
    };
    mouth.stdin.on("drain", feed);
    mouth.stdin.on("error", () => {});
    feed();
    this.#tone = mouth;
  }

  /** Stops the tone. */
  quiet() {
    this.#tone?.kill("SIGKILL");
    this.#tone = null;
  }

  /** Stops speaking and recording. */
  clear() {
    this.quiet();
    for (const recorder of this.#recorders) recorder.kill("SIGTERM");
  }
}

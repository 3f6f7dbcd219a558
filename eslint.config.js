import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";

import svelteConfig from "./ui/svelte.config.js";

const FEATURES = ["session", "dial", "call", "history", "settings"];

const TAURI = { group: ["@tauri-apps/*"], message: "Only ui/src/backend speaks to Tauri." };
const SDK = { group: ["@twilio/*"], message: "Only ui/src/phone holds the Voice SDK." };
const BITS = { group: ["bits-ui"], message: "Bits UI is wrapped once, in ui/src/parts." };

const restrict = (...patterns) => ({ "no-restricted-imports": ["error", { patterns }] });
const features = (but, message) => ({
  group: FEATURES.filter((feature) => feature !== but).map((feature) => `**/${feature}/**`),
  message,
});

export default ts.config(
  { ignores: ["**/node_modules/", "target/", "gen/", "ui/dist/", "ui/src/backend/bindings.ts", "tour/"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser, ...globals.node } } },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: [".svelte"], svelteConfig } },
  },
  {
    rules: {
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      "@typescript-eslint/no-invalid-void-type": "off",
      // The Voice SDK looks for a few browser classes by name only.
      "@typescript-eslint/no-extraneous-class": "off",
      // A Set that nothing on the screen reads need not be reactive.
      "svelte/prefer-svelte-reactivity": "off",
      // TypeScript knows what is defined.
      "no-undef": "off",
      eqeqeq: "error",
      "max-lines": ["error", { max: 600, skipBlankLines: true }],
      "max-lines-per-function": ["error", { max: 140, skipBlankLines: true }],
    },
  },
  { files: ["ui/src/**"], rules: restrict(TAURI, SDK, BITS) },
  { files: ["ui/src/backend/**"], rules: restrict(SDK, BITS) },
  { files: ["ui/src/phone/**"], rules: restrict(TAURI, BITS, features(null, "The phone knows no feature.")) },
  { files: ["ui/src/parts/**"], rules: restrict(TAURI, SDK, features(null, "A part knows no feature.")) },
  ...FEATURES.map((feature) => ({
    files: [`ui/src/${feature}/**`],
    rules: restrict(
      TAURI,
      SDK,
      BITS,
      features(feature, "A feature knows only itself and the parts; App composes."),
    ),
  })),
);

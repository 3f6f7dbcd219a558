//! What a machine can check of the house rules: file lengths, arrows between crates, imports, links in the docs.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Longer files hide something that has a name of its own.
const FILE_LINES_MAX: usize = 600;

/// Folders that hold no source of ours.
const SKIPPED: [&str; 8] = [
    "target",
    "node_modules",
    "dist",
    "gen",
    ".git",
    "tour",
    "icons",
    "test-results",
];

#[test]
fn no_source_file_is_too_long() {
    let mut long = Vec::new();
    for path in sources(&["rs", "ts", "svelte", "mjs", "css"]) {
        let lines = read(&path).lines().count();
        if lines > FILE_LINES_MAX && !path.ends_with("bindings.ts") {
            long.push(format!("{} has {lines} lines", path.display()));
        }
    }
    assert!(
        long.is_empty(),
        "split these ({FILE_LINES_MAX} lines at most):\n{}",
        long.join("\n")
    );
}

#[test]
fn modules_are_files_named_after_them() {
    let found: Vec<_> = sources(&["rs"])
        .into_iter()
        .filter(|path| path.ends_with("mod.rs"))
        .collect();
    assert!(found.is_empty(), "foo.rs beside foo/, never mod.rs: {found:?}");
}

#[test]
fn every_rust_file_says_what_it_is() {
    let silent: Vec<_> = sources(&["rs"])
        .into_iter()
        .filter(|path| !read(path).starts_with("//!"))
        .collect();
    assert!(silent.is_empty(), "these files lack a module doc: {silent:#?}");
}

#[test]
fn arrows_between_crates_point_one_way() {
    let forbidden = [
        (
            "crates/protocol/Cargo.toml",
            &["tokio", "reqwest", "sqlx", "axum", "dialer-core", "audio"][..],
        ),
        (
            "crates/dialer-core/Cargo.toml",
            &["tokio", "reqwest", "sqlx", "axum", "audio", "tracing"][..],
        ),
        (
            "crates/twilio-emulator/Cargo.toml",
            &["protocol", "dialer-core", "dialer", "offhook"][..],
        ),
        (
            "crates/audio/Cargo.toml",
            &[
                "protocol",
                "dialer-core",
                "dialer",
                "twilio-emulator",
                "cpal",
                "tauri",
            ][..],
        ),
    ];
    for (manifest, names) in forbidden {
        let text = read(&root().join(manifest));
        let (_, dependencies) = text
            .split_once("[dependencies]")
            .expect("a manifest has dependencies");
        let dependencies = dependencies
            .split("\n[")
            .next()
            .expect("split yields at least one part");
        for name in names {
            let listed = dependencies.lines().any(|line| {
                line.strip_prefix(name)
                    .is_some_and(|rest| rest.starts_with('.') || rest.starts_with(" ="))
            });
            assert!(!listed, "{manifest} must not depend on {name}");
        }
    }
}

#[test]
fn tauri_and_the_voice_sdk_stay_in_their_rooms() {
    let rooms = [
        ("@tauri-apps", &["ui/src/backend"][..]),
        ("@twilio/voice-sdk", &["ui/src/phone"][..]),
        (
            "use tauri::",
            &[
                "src-tauri/src/shell",
                "src-tauri/src/lib.rs",
                "src-tauri/src/media/commands.rs",
                "tests/bridge",
                "tests/tidy.rs",
            ][..],
        ),
    ];
    let mut astray = Vec::new();
    for path in sources(&["rs", "ts", "svelte"]) {
        let name = path
            .strip_prefix(root())
            .expect("sources are below the root")
            .to_string_lossy()
            .replace('\\', "/");
        let text = read(&path);
        for (import, allowed) in rooms {
            if imports(&text, import) && !allowed.iter().any(|room| name.starts_with(room)) {
                astray.push(format!("{name} uses {import}"));
            }
        }
    }
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}

#[test]
fn links_in_the_docs_lead_somewhere() {
    let mut dead = Vec::new();
    for path in sources(&["md"]) {
        let folder = path.parent().expect("a file has a folder");
        for target in read(&path)
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                continue;
            }
            if !folder.join(file).exists() {
                dead.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(dead.is_empty(), "dead links:\n{}", dead.join("\n"));
}

/// True if a line that imports (not one that merely mentions) names `what`.
fn imports(text: &str, what: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        line.contains(what)
            && (line.starts_with("use ")
                || line.starts_with("import ")
                || line.contains("import(")
                || line.contains("} from"))
    })
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files of ours with one of these extensions, in a stable order.
fn sources(extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a source folder can be listed") {
            let path = entry.expect("an entry can be read").path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if path.is_dir() {
                if !SKIPPED.contains(&name.as_str()) {
                    folders.push(path);
                }
            } else if path
                .extension()
                .is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted))
            {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

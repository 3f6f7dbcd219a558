//! XML as a small tree; documents are at most 64 kB, so a tree is cheap.

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape};
use quick_xml::events::{BytesRef, BytesStart, Event};

/// TwiML itself nests at most four levels deep.
const DEPTH_MAX: usize = 16;

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    /// All text directly inside this element.
    pub(super) text: String,
    /// Where it starts, counted from 1.
    pub(super) line: usize,
}

impl Element {
    pub(super) fn parse(body: &str) -> Result<Element, String> {
        let mut reader = Reader::from_str(body);
        let mut open: Vec<Element> = Vec::new();
        let mut root = None;
        let mut lines = Lines::new(body);
        loop {
            let line = lines.at(usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX));
            match reader.read_event().map_err(|error| error.to_string())? {
                Event::Start(start) => {
                    if open.len() >= DEPTH_MAX {
                        return Err(format!("elements are nested more than {DEPTH_MAX} deep"));
                    }
                    open.push(Element::from_start(&start, line)?);
                }
                Event::Empty(start) => close(Element::from_start(&start, line)?, &mut open, &mut root)?,
                Event::End(_) => {
                    let element = open.pop().ok_or("an end tag has no start tag")?;
                    close(element, &mut open, &mut root)?;
                }
                Event::Text(text) => append(&mut open, &text.xml10_content())?,
                Event::CData(data) => append(&mut open, &data.xml10_content())?,
                Event::GeneralRef(reference) => append(&mut open, &resolve(&reference)?)?,
                Event::DocType(_) => return Err("a document type is not allowed".to_owned()),
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
        match root {
            Some(root) if open.is_empty() => Ok(root),
            Some(_) | None => Err("the document ends early".to_owned()),
        }
    }

    fn from_start(start: &BytesStart<'_>, line: usize) -> Result<Element, String> {
        let mut element = Element {
            line,
            name: start.name().0.to_owned(),
            ..Element::default()
        };
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let value = unescape(&attribute.value)
                .map_err(|error| error.to_string())?
                .into_owned();
            element.attributes.push((attribute.key.0.to_owned(), value));
        }
        Ok(element)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Counts lines up to ever later positions.
struct Lines<'a> {
    body: &'a str,
    position: usize,
    line: usize,
}

impl<'a> Lines<'a> {
    fn new(body: &'a str) -> Self {
        Self {
            body,
            position: 0,
            line: 1,
        }
    }

    fn at(&mut self, position: usize) -> usize {
        let passed = self.body.get(self.position..position).unwrap_or_default();
        self.line += passed.matches('\n').count();
        self.position = self.position.max(position);
        self.line
    }
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), String> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_none() => *root = Some(element),
        None => return Err("there is more than one root element".to_owned()),
    }
    Ok(())
}

fn append(open: &mut [Element], text: &str) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text
            .trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
            .is_empty() => {}
        None => return Err("there is text outside the root element".to_owned()),
    }
    Ok(())
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| error.to_string())? {
        return Ok(character.to_string());
    }
    let name: &str = reference;
    resolve_predefined_entity(name)
        .map(str::to_owned)
        .ok_or_else(|| format!("the entity &{name}; is not known"))
}

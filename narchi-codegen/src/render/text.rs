//! How wide texts are, where nobody knows the font.

/// What nobody measures: the widths of the characters from space to tilde in `DejaVu Sans`, in thousandths of the size.
/// The other usual fonts are narrower.
const REGULAR: [u16; 95] = [
    318, 401, 460, 838, 637, 951, 780, 275, 391, 391, 500, 838, 318, 361, 318, 337, 637, 637, 637,
    637, 637, 637, 637, 637, 637, 637, 337, 337, 838, 838, 838, 531, 1000, 685, 687, 699, 771, 632,
    576, 775, 752, 295, 295, 656, 558, 863, 749, 788, 604, 788, 695, 635, 611, 732, 685, 989, 686,
    611, 686, 391, 337, 391, 838, 500, 500, 613, 635, 550, 635, 616, 353, 635, 634, 278, 278, 580,
    278, 975, 634, 612, 635, 635, 412, 521, 393, 634, 592, 818, 592, 592, 525, 637, 337, 637, 838,
];

/// The same in bold.
const BOLD: [u16; 95] = [
    349, 457, 521, 838, 696, 1002, 873, 307, 458, 458, 523, 838, 380, 416, 380, 366, 696, 696, 696,
    696, 696, 696, 696, 696, 696, 696, 400, 400, 838, 838, 838, 581, 1000, 774, 763, 734, 831, 684,
    684, 821, 837, 373, 373, 775, 638, 996, 837, 851, 733, 851, 771, 721, 683, 813, 774, 1104, 771,
    725, 726, 458, 366, 458, 838, 500, 500, 675, 716, 593, 716, 679, 436, 716, 712, 343, 343, 666,
    343, 1042, 712, 688, 716, 716, 494, 596, 479, 712, 652, 924, 646, 652, 583, 712, 366, 712, 838,
];

/// How wide a text is at most, for a font of this size in pixels.
pub fn text_width(text: &str, size: f64, is_bold: bool) -> f64 {
    let widths = if is_bold { &BOLD } else { &REGULAR };
    let width = |it: char| match it {
        ' '..='~' => widths[it as usize - ' ' as usize],
        '⌈' | '⌉' | '⌊' | '⌋' | '·' => 460,
        // Scripts of Europe have letters like those of ASCII, others are up to a square wide.
        '\u{80}'..='\u{2ff}' | '\u{370}'..='\u{5ff}' => 900,
        _ => 1050,
    };
    let thousandths: f64 = text.chars().map(|it| f64::from(width(it))).sum();
    size * thousandths / 1000.0
}

/// Lines of words, none wider than `most` if its words are not.
pub(super) fn wrapped(text: &str, size: f64, is_bold: bool, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if text_width(&format!("{line} {word}"), size, is_bold) <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(shortened(word, size, is_bold, most)),
        }
    }
    lines
}

/// A text, cut if it is too wide.
pub(super) fn shortened(text: &str, size: f64, is_bold: bool, most: f64) -> String {
    if text_width(text, size, is_bold) <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    for it in text.chars() {
        if text_width(&format!("{short}{it}…"), size, is_bold) > most {
            break;
        }
        short.push(it);
    }
    short + "…"
}

/// A text in XML: in elements and in attributes.
pub(super) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for it in text.chars() {
        match it {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML has no other control characters, not even escaped.
            '\n' | '\t' => escaped.push(' '),
            it if it.is_control() || matches!(it, '\u{fffe}' | '\u{ffff}') => {
                escaped.push('\u{fffd}');
            }
            it => escaped.push(it),
        }
    }
    escaped
}

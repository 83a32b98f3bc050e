//! Colours that users choose, and what can be read on them.

use std::{fmt, str::FromStr};

/// A colour as screens have it: red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Colour(pub [u8; 3]);

/// The least contrast of texts that WCAG calls enough.
const READABLE: f64 = 4.5;

impl Colour {
    const WHITE: Self = Self([0xff; 3]);
    const BLACK: Self = Self([0; 3]);
    /// What texts have on a light page.
    pub(super) const DARK: Self = Self([0x1f, 0x23, 0x28]);

    /// What a text on this colour has to have: that of other texts, if it can be read there.
    pub(super) fn ink(self) -> Self {
        // On every colour black or white has a contrast of at least 4.58.
        let inks = [Self::DARK, Self::WHITE];
        let ink = inks.into_iter().find(|it| self.contrast(*it) >= READABLE);
        ink.unwrap_or(Self::BLACK)
    }

    /// The border around this colour, which is seen where the page has nearly the same.
    pub(super) fn edge(self) -> Self {
        self.mixed(self.ink(), 0.35)
    }

    /// How much of the colour there may be behind texts of a light page: of a dark colour, little.
    pub(super) fn share_on_light(self) -> f64 {
        0.05 + 0.3 * self.luminance()
    }

    /// The same for a dark page, where it is the light colours that hide texts.
    pub(super) fn share_on_dark(self) -> f64 {
        0.05 + 0.3 * (1.0 - self.luminance())
    }

    /// The colour behind texts of a white page.
    pub(super) fn tint(self) -> Self {
        Self::WHITE.mixed(self, self.share_on_light())
    }

    /// This colour with a share of another.
    fn mixed(self, other: Self, share: f64) -> Self {
        let mut mixed = self;
        for (mine, theirs) in mixed.0.iter_mut().zip(other.0) {
            let (a, b) = (f64::from(*mine), f64::from(theirs));
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "it is between two bytes"
            )]
            let byte = (a + (b - a) * share).round() as u8;
            *mine = byte;
        }
        mixed
    }

    /// From 1 to 21, as WCAG has it.
    fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// From 0 to 1, as WCAG has it.
    fn luminance(self) -> f64 {
        let linear = |it: u8| match f64::from(it) / 255.0 {
            it if it <= 0.04045 => it / 12.92,
            it => ((it + 0.055) / 1.055).powf(2.4),
        };
        let [red, green, blue] = self.0.map(linear);
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl FromStr for Colour {
    type Err = String;

    /// `#ffd8a8`, or `#eef` for `#eeeeff`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no colour: write `#rgb` or `#rrggbb`, such as `#ffd8a8`");
        let digits = text.strip_prefix('#').ok_or_else(wrong)?.chars();
        let digit = |it: char| u8::try_from(it.to_digit(16)?).ok();
        let digits: Vec<u8> = digits.map(digit).collect::<Option<_>>().ok_or_else(wrong)?;
        let bytes: Vec<u8> = match digits.len() {
            3 => digits.iter().map(|it| it * 17).collect(),
            6 => digits.chunks(2).map(|it| it[0] * 16 + it[1]).collect(),
            _ => return Err(wrong()),
        };
        bytes.try_into().map(Self).map_err(|_| wrong())
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few thousand colours, the corners among them.
    fn colours() -> impl Iterator<Item = Colour> {
        let steps = || (0..=255).step_by(15);
        steps()
            .flat_map(move |r| steps().flat_map(move |g| steps().map(move |b| Colour([r, g, b]))))
    }

    #[test]
    fn three_digits_stand_for_six() {
        assert_eq!("#eEf".parse(), Ok(Colour([0xee, 0xee, 0xff])));
        assert_eq!("#ffD8a8".parse(), Ok(Colour([0xff, 0xd8, 0xa8])));
        assert_eq!(Colour([0xff, 0x0d, 0xa8]).to_string(), "#ff0da8");
        for wrong in [
            "",
            "#",
            "red",
            "ffd8a8",
            "#ff",
            "#ffff",
            "#ffd8a8ff",
            "#ggg",
            "#+1+2+3",
            "#äöü",
        ] {
            assert!(wrong.parse::<Colour>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn texts_are_readable_on_every_colour() {
        for colour in colours() {
            assert!(colour.contrast(colour.ink()) >= READABLE, "{colour}");
        }
    }

    /// With the colours of `look.css` and `dark.css`: the faintest texts have 3.8 on white and 5.9 on a dark page.
    #[test]
    fn texts_are_readable_in_open_scopes_of_every_colour() {
        let (page, faint) = (Colour([0x16, 0x19, 0x1d]), Colour([0x8b, 0x96, 0xa2]));
        for colour in colours() {
            let tint = colour.tint();
            assert!(tint.contrast(Colour::DARK) >= 12.0, "{colour}");
            assert!(tint.contrast(Colour([0x7b, 0x85, 0x90])) >= 3.0, "{colour}");
            let tint = page.mixed(colour, colour.share_on_dark());
            assert!(tint.contrast(Colour([0xe6, 0xe9, 0xed])) >= 9.0, "{colour}");
            assert!(tint.contrast(faint) >= 3.5, "{colour}");
        }
    }
}

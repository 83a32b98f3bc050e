//! Makes new texts of known ones by a few small changes.

/// Longer texts are found by nobody.
const LONGEST: usize = 20_000;

/// What architectures are made of; put in where it does not belong, it finds more than random bytes do.
const WORDS: [&str; 48] = [
    "_id",
    "_class",
    "_shape",
    "blocks",
    "graph",
    "inputs",
    "outputs",
    "input",
    "output",
    "'",
    "{ _class: 'ReLU' }",
    "'x -> y'",
    "Sequential",
    "Group",
    "Linear",
    "Conv2d",
    "Add",
    "Concatenate",
    "Reshape",
    "MaxPool2d",
    "BatchNorm2d",
    "Dropout",
    "output_feats: ",
    "kernel_size: ",
    "stride: ",
    "padding: ",
    "dim: ",
    "reshape_spec: ",
    "dims: ",
    "'<<auto>>'",
    "'<<variable:H>>'",
    "'<<variable:H/2+1>>'",
    "'<<variable:A*B>>'",
    "-1",
    "0",
    "1",
    "2",
    "0.5",
    "1e308",
    "9007199254740993",
    "null",
    "true",
    "[",
    "]",
    "{",
    "}",
    " -> ",
    "self",
];

/// A small generator of numbers, the same on every machine.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `end`; 0 if there is none.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let number = usize::try_from(self.0 >> 33).unwrap_or(usize::MAX);
        number.checked_rem(end).unwrap_or(0)
    }

    fn range(&mut self, text: &[u8], longest: usize) -> std::ops::Range<usize> {
        let start = self.below(text.len() + 1);
        let length = self.below(longest);
        start..text.len().min(start + length)
    }
}

pub(crate) fn mutate(corpus: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut text = any(corpus, random).to_vec();
    for _ in 0..=random.below(4) {
        change(&mut text, corpus, random);
    }
    text.truncate(LONGEST);
    text
}

fn any<'a>(corpus: &'a [Vec<u8>], random: &mut Random) -> &'a [u8] {
    corpus
        .get(random.below(corpus.len()))
        .map_or(b"", Vec::as_slice)
}

fn change(text: &mut Vec<u8>, corpus: &[Vec<u8>], random: &mut Random) {
    match random.below(9) {
        0 => {
            let range = random.range(text, 40);
            text.drain(range);
        }
        // Repeats a piece.
        1 => {
            let range = random.range(text, 60);
            let piece = text[range.clone()].repeat(1 + random.below(4));
            text.splice(range.end..range.end, piece);
        }
        // Takes a piece from another text.
        2 => {
            let other = any(corpus, random);
            let piece = other[random.range(other, 80)].to_vec();
            let range = random.range(text, 40);
            text.splice(range, piece);
        }
        3 => {
            let at = random.below(text.len() + 1);
            text.insert(at, u8::try_from(random.below(256)).unwrap_or(0));
        }
        // Swaps two lines.
        4 => {
            let mut lines: Vec<&[u8]> = text.split_inclusive(|it| *it == b'\n').collect();
            let (a, b) = (random.below(lines.len()), random.below(lines.len()));
            if !lines.is_empty() {
                lines.swap(a, b);
            }
            *text = lines.concat();
        }
        // Puts another word where one is: keys, names of blocks, numbers.
        5 | 6 => {
            let words = words(text);
            if words.is_empty() {
                return;
            }
            let range = words[random.below(words.len())].clone();
            let other = words[random.below(words.len())].clone();
            let word = match random.below(2) {
                0 => text[other].to_vec(),
                _ => WORDS[random.below(WORDS.len())].into(),
            };
            text.splice(range, word);
        }
        7 => {
            let words = words(text);
            let numbers = words
                .into_iter()
                .filter(|it| text[it.clone()].iter().all(u8::is_ascii_digit));
            let numbers: Vec<_> = numbers.collect();
            if let Some(range) = numbers.get(random.below(numbers.len())) {
                let number = match random.below(4) {
                    0 => random.below(10),
                    1 => random.below(1_000),
                    2 => 1 << random.below(63),
                    _ => random.below(usize::MAX),
                };
                text.splice(range.clone(), number.to_string().into_bytes());
            }
        }
        _ => {
            let at = random.below(text.len() + 1);
            text.splice(at..at, WORDS[random.below(WORDS.len())].bytes());
        }
    }
}

/// Where names and numbers are.
fn words(text: &[u8]) -> Vec<std::ops::Range<usize>> {
    let is_word = |it: &u8| it.is_ascii_alphanumeric() || *it == b'_';
    let mut words = Vec::new();
    let mut start = None;
    for (at, byte) in text.iter().chain(b" ").enumerate() {
        match (is_word(byte), start) {
            (true, None) => start = Some(at),
            (false, Some(begun)) => {
                words.push(begun..at);
                start = None;
            }
            _ => {}
        }
    }
    words
}

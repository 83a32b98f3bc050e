//! The 1,797 handwritten digits of `data/`, 8×8 grey pixels each.

use std::io::Read;

use flate2::read::GzDecoder;
use narchi_runtime::Tensor;

use crate::{Error, Result};

const FILE: &[u8] = include_bytes!("data/digits.csv.gz");

const PIXELS: usize = 64;
const BLACK: f32 = 16.0;

/// Of so many images one is held out.
const HELD_OUT: usize = 5;

/// All images: those to learn from, and those to be judged by.
#[derive(Debug)]
pub struct Data {
    /// Four fifths.
    pub training: Images,
    /// Every fifth image of the file.
    pub held_out: Images,
}

/// Images with what they show.
#[derive(Debug)]
pub struct Images {
    /// `[N, 1, 8, 8]`, from 0, paper, to 1, ink.
    pub pixels: Tensor,
    /// `[N]`, from 0 to 9.
    pub labels: Tensor,
}

impl Data {
    /// Reads the images, which are part of the program.
    ///
    /// # Errors
    ///
    /// If they are not what they should be, or libtorch fails.
    pub fn load() -> Result<Self> {
        let mut text = String::new();
        GzDecoder::new(FILE).read_to_string(&mut text)?;
        let images: Vec<_> = text.lines().map(parse).collect::<Result<_>>()?;
        let part = |is_held_out: bool| {
            let images = images.iter().enumerate();
            Images::new(
                images
                    .filter(|(index, _)| (index % HELD_OUT == HELD_OUT - 1) == is_held_out)
                    .map(|it| it.1),
            )
        };
        Ok(Self {
            training: part(false)?,
            held_out: part(true)?,
        })
    }
}

impl Images {
    fn new<'a>(images: impl Iterator<Item = &'a ([f32; PIXELS], i64)>) -> Result<Self> {
        let (pixels, labels): (Vec<[f32; PIXELS]>, Vec<i64>) = images.copied().unzip();
        let pixels = Tensor::f_from_slice(pixels.as_flattened())?.f_view([-1, 1, 8, 8])?;
        Ok(Self {
            pixels,
            labels: Tensor::f_from_slice(&labels)?,
        })
    }

    /// How many images there are.
    pub fn count(&self) -> usize {
        self.labels.numel()
    }
}

/// 64 pixels from 0 to 16, then the digit.
fn parse(line: &str) -> Result<([f32; PIXELS], i64)> {
    let mut fields = line.split(',');
    let mut next = || {
        fields
            .next()
            .ok_or_else(|| Error::from(format!("too short: {line}")))
    };
    let mut pixels = [0.0; PIXELS];
    for pixel in &mut pixels {
        *pixel = next()?.parse::<f32>()? / BLACK;
    }
    Ok((pixels, next()?.parse()?))
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn every_fifth_image_is_held_out() {
        let data = Data::load().unwrap();
        assert_eq!(data.training.pixels.size(), [1438, 1, 8, 8]);
        assert_eq!(data.held_out.pixels.size(), [359, 1, 8, 8]);
        let labels = |images: &Images| Vec::<i64>::try_from(images.labels.narrow(0, 0, 5)).unwrap();
        assert_eq!(labels(&data.training), [0, 1, 2, 3, 5]);
        assert_eq!(labels(&data.held_out), [4, 9, 4, 9, 4]);
        let pixels = Vec::<f32>::try_from(data.training.pixels.flatten(0, -1)).unwrap();
        assert!(pixels.iter().all(|it| (0.0..=1.0).contains(it)));
        assert!(pixels.contains(&0.0) && pixels.contains(&1.0));
    }
}

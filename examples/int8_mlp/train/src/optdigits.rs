//! Reading images of handwriting: the text files of the UCI data set "Optical Recognition of Handwritten Digits"
//! (E. Alpaydin and C. Kaynak, 1998), whose images have the same 8 × 8 pixels from 0 to 16.

use crate::image::{INK, Image, PIXELS};

/// A line that is not 64 pixels and a label.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} is not 64 numbers from 0 to 16 and a digit, with commas between them")]
pub struct NotAnImage {
    /// The line, counted from 1.
    pub line: usize,
}

/// The images of such a file, a line each.
pub fn parse(text: &str) -> Result<Vec<Image>, NotAnImage> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| image(line).ok_or(NotAnImage { line: index + 1 }))
        .collect()
}

fn image(line: &str) -> Option<Image> {
    let numbers = line.split(',').map(|number| number.trim().parse());
    let numbers: Vec<u8> = numbers.collect::<Result<_, _>>().ok()?;
    let (pixels, &[label]) = numbers.split_first_chunk::<PIXELS>()? else {
        return None;
    };
    let fits = pixels.iter().all(|&pixel| pixel <= INK) && label < 10;
    fits.then_some(Image {
        pixels: *pixels,
        label,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_images() {
        let line =
            |pixel: &str, label: &str| format!("{}{label}\n", format!("{pixel},").repeat(64));
        let images = parse(&(line("0", "7") + &line("16", " 9"))).unwrap();
        assert_eq!(images[0].pixels, [0; 64]);
        assert_eq!(images[1].pixels, [16; 64]);
        assert_eq!([images[0].label, images[1].label], [7, 9]);
        for wrong in [
            line("17", "1"),
            line("-1", "1"),
            line("0", "10"),
            line("0", ""),
            line("0", "1,2"),
            "0,1\n".to_owned(),
        ] {
            let text = line("0", "7") + &wrong;
            assert_eq!(parse(&text), Err(NotAnImage { line: 2 }), "{text}");
        }
    }
}

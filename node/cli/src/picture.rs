//! A buffer of pixels as a PNG.

use std::path::Path;

use arknet_workload::job::folder::Image;

use crate::error::CliError;
use crate::files;

/// Writes words `0xAABBGGRR`, row by row, as a picture.
pub(crate) fn write(path: &Path, image: Image, pixels: &[u32]) -> Result<(), CliError> {
    let bytes = encode(image, pixels).map_err(|source| CliError::Write {
        path: path.to_owned(),
        source: source.into(),
    })?;
    files::write(path, &bytes)
}

fn encode(image: Image, pixels: &[u32]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, image.width, image.height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    let rgba: Vec<u8> = pixels
        .iter()
        .flat_map(|pixel| pixel.to_le_bytes())
        .collect();
    writer.write_image_data(&rgba)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_red_first() {
        let image = Image {
            width: 2,
            height: 1,
        };
        let bytes = encode(image, &[0xff00_0011, 0x8022_3344]).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(bytes))
            .read_info()
            .unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (2, 1));
        assert_eq!(pixels, [0x11, 0, 0, 0xff, 0x44, 0x33, 0x22, 0x80]);
    }

    #[test]
    fn too_few_pixels_are_an_error() {
        let image = Image {
            width: 2,
            height: 2,
        };
        assert!(encode(image, &[0; 3]).is_err());
    }
}

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    arknet_fuzz_targets::receipt(data);
});

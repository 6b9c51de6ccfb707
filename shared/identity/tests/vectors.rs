//! That a hash runs on the processor's vector unit: the scalar code is as right, and takes 1.6 times as long.
//!
//! `argon2` chooses at run time on x86-64 (AVX2 or scalar) and when it is built on arm64 (NEON is always there). The
//! test looks for the multiplications of 64-bit lanes in this program's own machine code.

#![expect(clippy::unwrap_used, reason = "tests")]

use argon2::{Algorithm, Argon2, Block, Params, Version};
use object::{Object, ObjectSymbol};

/// The machine code of this program's functions whose name contains this.
fn code_of(name: &str) -> Vec<u8> {
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let file = object::File::parse(&*program).unwrap();
    let mut code = Vec::new();
    for symbol in file.symbols().filter(|symbol| symbol.name().is_ok_and(|known| known.contains(name))) {
        let section = symbol.section_index().and_then(|index| file.section_by_index(index).ok());
        let found = section.and_then(|section| {
            use object::ObjectSection;
            section.data_range(symbol.address(), symbol.size()).ok().flatten().map(<[u8]>::to_vec)
        });
        code.extend(found.unwrap_or_default());
    }
    code
}

/// `vpmuludq` on 256 bits: VEX prefix of two or three bytes with L = 1 and pp = 66, opcode F4.
#[cfg(target_arch = "x86_64")]
fn vector_multiplications(code: &[u8]) -> usize {
    let wide = |vex: u8| vex & 0b111 == 0b101;
    let short = code.windows(3).filter(|w| matches!(w, [0xc5, vex, 0xf4] if wide(*vex)));
    let long =
        code.windows(4).filter(|w| matches!(w, [0xc4, map, vex, 0xf4] if map & 0x1f == 1 && wide(*vex)));
    short.count() + long.count()
}

/// `umull` and `umlal` of two 64-bit lanes.
#[cfg(target_arch = "aarch64")]
fn vector_multiplications(code: &[u8]) -> usize {
    let words = code.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
    words.filter(|word| matches!(word & 0xbfe0_fc00, 0x2ea0_c000 | 0x2ea0_8000)).count()
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[test]
fn the_hash_takes_the_vector_path() {
    // The hash itself, so that its code is in this program; RFC 9106's shape at the smallest cost.
    let params = Params::new(64, 2, 1, Some(32)).unwrap();
    let mut memory = vec![Block::default(); params.block_count()];
    let mut output = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2
        .hash_password_into_with_memory(b"password", b"sixteen bytes at", &mut output, &mut memory)
        .unwrap();
    assert_ne!(output, [0; 32]);

    #[cfg(target_arch = "x86_64")]
    let (path, name) = ("AVX2", "compress_avx2");
    #[cfg(target_arch = "aarch64")]
    let (path, name) = ("NEON", "argon2");
    let found = vector_multiplications(&code_of(name));
    assert!(found >= 16, "{found} vector multiplications in {name}: argon2 is not built for {path}");
    #[cfg(target_arch = "x86_64")]
    let path =
        if std::arch::is_x86_feature_detected!("avx2") { path } else { "scalar: this processor has no AVX2" };
    println!("argon2 takes: {path}");
}

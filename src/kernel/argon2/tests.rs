//! The kernel against the `argon2` crate, and every path against the others.

use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

fn ours(input: &Input<'_>, path: Path, threads: usize, length: usize) -> Vec<u8> {
    let mut output = vec![0; length];
    hash(input, path, threads, &mut output).expect("memory");
    output
}

fn theirs(input: &Input<'_>, length: usize) -> Vec<u8> {
    use ::argon2::{Algorithm, Argon2, AssociatedData, ParamsBuilder};
    let algorithm = [Algorithm::Argon2d, Algorithm::Argon2i, Algorithm::Argon2id][input.variant as usize];
    let version = ::argon2::Version::try_from(input.version as u32).expect("known");
    let params = ParamsBuilder::new()
        .m_cost(input.memory_kib)
        .t_cost(input.passes)
        .p_cost(input.lanes)
        .output_len(length)
        .data(AssociatedData::new(input.data).expect("short"))
        .build()
        .expect("legal");
    let mut output = vec![0; length];
    let argon2 = Argon2::new_with_secret(input.secret, algorithm, version, params).expect("legal");
    argon2.hash_password_into(input.password, input.salt, &mut output).expect("a hash");
    output
}

fn cases() -> u32 {
    std::env::var("REHASH_KERNEL_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(400)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_parameters_give_what_the_crate_gives(
        (kind, is_version_16) in (0usize..3, any::<bool>()),
        (lanes, passes, more) in (1u32..7, 1u32..5, prop_oneof![0u32..40, 0u32..700]),
        (password, salt) in (vec(any::<u8>(), 0..150), vec(any::<u8>(), 8..70)),
        (secret, data) in (vec(any::<u8>(), 0..40), vec(any::<u8>(), 0..32)),
        length in prop_oneof![4usize..70, 4usize..300],
        threads in 1usize..4,
    ) {
        let input = Input {
            variant: [Variant::D, Variant::I, Variant::Id][kind],
            version: if is_version_16 { Version::V0x10 } else { Version::V0x13 },
            memory_kib: 8 * lanes + more,
            passes,
            lanes,
            password: &password,
            salt: &salt,
            secret: &secret,
            data: &data,
        };
        let expected = theirs(&input, length);
        for path in Path::available() {
            prop_assert_eq!(&ours(&input, path, threads, length), &expected, "{}", path.as_str());
        }
    }
}

#[test]
fn rfc_9106_vectors() {
    let input = |kind| Input {
        variant: kind,
        version: Version::V0x13,
        memory_kib: 32,
        passes: 3,
        lanes: 4,
        password: &[1; 32],
        salt: &[2; 16],
        secret: &[3; 8],
        data: &[4; 12],
    };
    for (kind, expected) in [
        (Variant::D, "512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb"),
        (Variant::I, "c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8"),
        (Variant::Id, "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"),
    ] {
        for path in Path::available() {
            let tag: String = ours(&input(kind), path, 1, 32).iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(tag, expected, "{}", path.as_str());
        }
    }
}

#[test]
fn usual_sizes() {
    for (memory_kib, passes, lanes) in [(19456, 2, 1), (65536, 3, 4), (47104, 1, 1), (7 * 1024, 5, 1)] {
        let input = Input {
            variant: Variant::Id,
            version: Version::V0x13,
            memory_kib,
            passes,
            lanes,
            password: b"password",
            salt: b"saltsaltsaltsalt",
            secret: b"",
            data: b"",
        };
        let expected = theirs(&input, 32);
        for path in Path::available() {
            assert_eq!(ours(&input, path, 1, 32), expected, "{}", path.as_str());
            assert_eq!(ours(&input, path, 2, 32), expected, "{}", path.as_str());
        }
    }
}

#[test]
fn memory_that_cannot_be_had_is_an_error() {
    assert_eq!(Memory::take(usize::MAX / 1024).err(), Some(OutOfMemory));
    assert_eq!(Memory::take(usize::MAX).err(), Some(OutOfMemory));
}

//! Files that are models, and files that are none.

use super::*;

fn small() -> Vec<u8> {
    let mut rows = vec![(5, [0.0; COLUMNS]), (64, [0.0; COLUMNS]), (1_000_000, [0.0; COLUMNS])];
    rows[0].1[0] = 1.27;
    rows[1].1[0] = -0.5;
    rows[2].1[15] = 3.0;
    let mut signs = [[0.0; COLUMNS]; SIGNS];
    signs[7][0] = 2.0;
    Model::to_bytes("small", Calibration::NONE, &signs, &rows)
}

fn read(bytes: Vec<u8>) -> Result<Model, NotAModel> {
    Model::from_bytes(Cow::Owned(bytes))
}

#[test]
fn a_model_comes_back_from_its_file() {
    let model = read(small()).unwrap();
    assert_eq!((model.name(), model.calibration()), ("small", Calibration::NONE));
    let rows: Vec<_> = model.rows().collect();
    assert_eq!(rows.iter().map(|r| r.0).collect::<Vec<_>>(), [5, 64, 1_000_000]);
    assert!((rows[1].1[0] + 0.5).abs() < 0.01 && (rows[2].1[15] - 3.0).abs() < 0.03);
    let signs: Vec<Row> = model.signs().collect();
    let signs = signs.first_chunk().unwrap();
    assert!((signs[7][0] - 2.0).abs() < 0.01);
    assert_eq!(Model::to_bytes("small", Calibration::NONE, signs, &rows), small());
}

#[test]
fn features_add_up_by_their_values() {
    let model = read(small()).unwrap();
    let slots = vec![5, 6, 64, 5];
    let features = Features { slots, own: 3, values: [2.0, -1.0], signs: vec![7, 8], ..Features::default() };
    let sums = model.read(&features).sums;
    assert!((sums[0] - (2.0 * (1.27 - 0.5) - 1.27 + SIGN_VALUE * 2.0)).abs() < 0.05, "{sums:?}");
    let slots = vec![5; 100_000];
    let features = Features { slots, own: 100_000, values: [1.0, 0.0], ..Features::default() };
    assert!((model.read(&features).sums[0] - 127_000.0).abs() < 10.0, "many rows do not overflow");
}

#[test]
fn what_is_no_model_is_refused() {
    let whole = small();
    assert_eq!(read(b"PK\x03\x04".to_vec()).err(), Some(NotAModel::Foreign));
    assert_eq!(read(whole[..whole.len() - 1].to_vec()).err(), Some(NotAModel::Length));
    assert_eq!(read([&whole[..], b"x"].concat()).err(), Some(NotAModel::Length));
    for at in [20, 300, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        assert!(read(damaged).is_err(), "byte {at}");
    }
    for length in 0..400 {
        assert!(read(whole[..length].to_vec()).is_err());
    }
}

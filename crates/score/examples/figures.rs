//! Macro-F1 on files of `label<TAB>text` with the labels negative, neutral and positive:
//! `cargo run --release -p tocsin-score --example figures -- FILE…`.

use tocsin_model::Label;
use tocsin_score::Scorer;

const LABELS: [Label; 3] = [Label::Negative, Label::Neutral, Label::Positive];

fn main() -> std::io::Result<()> {
    let scorer = Scorer::new(vec![]);
    for path in std::env::args().skip(1) {
        let rows = std::fs::read_to_string(&path)?;
        let rows: Vec<_> = rows.lines().skip(1).filter_map(|row| row.split_once('\t')).collect();
        // Rows: what it is; columns: what was read.
        let mut table = [[0u32; 3]; 3];
        for (label, text) in &rows {
            let read = scorer.read(text, text.len(), &[]).sentiment.label();
            if let Some(truth) = LABELS.iter().position(|l| l.name() == *label) {
                table[truth][read as usize] += 1;
            }
        }
        let f1 = |i: usize| {
            let (truth, read) = (table[i].iter().sum::<u32>(), table.iter().map(|row| row[i]).sum::<u32>());
            2.0 * f64::from(table[i][i]) / f64::from((truth + read).max(1))
        };
        let used: Vec<usize> = (0..3).filter(|&i| table[i].iter().any(|&n| n > 0)).collect();
        let macro_f1 = used.iter().map(|&i| f1(i)).sum::<f64>() / used.len().max(1) as f64;
        println!("{path}: macro-F1 {macro_f1:.3}, truth × read {table:?}");
    }
    Ok(())
}

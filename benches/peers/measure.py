"""What SnowNLP, cnsenti, VADER and TextBlob get right on the rows that `tocsin eval` is measured on.

Usage: measure.py DIR [ROWS]
DIR holds NAME.test.tsv; ROWS (all) is how many of each set are read, evenly spread, because SnowNLP is slow.
Only sets of polarity are read. Chinese sets go to SnowNLP and cnsenti, English ones to VADER and TextBlob.

SnowNLP gives one probability: of two ways from 0.5 on positive, of three below 0.4 negative and from 0.6 on
positive. The others give a number below and above 0; 0 (for VADER within 0.05, as its authors say) is neutral,
and of two ways negative.
"""

import sys
import time
from pathlib import Path

POLARITY = ["negative", "neutral", "positive"]


def snownlp():
    from snownlp import SnowNLP

    def read(text, ways):
        p = SnowNLP(text or "。").sentiments
        if ways == 2:
            return "positive" if p >= 0.5 else "negative"
        return "negative" if p < 0.4 else "positive" if p >= 0.6 else "neutral"

    return read


def by_sign(score, width=0.0):
    def read(text, ways):
        s = score(text)
        if ways == 2:
            return "positive" if s > 0 else "negative"
        return "negative" if s < -width else "positive" if s > width else "neutral"

    return read


def cnsenti():
    from cnsenti import Sentiment

    senti = Sentiment()

    def score(text):
        found = senti.sentiment_calculate(text)
        return found["pos"] - found["neg"]

    return by_sign(score)


def vader():
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    return by_sign(lambda text: analyzer.polarity_scores(text)["compound"], 0.05)


def textblob():
    from textblob import TextBlob

    return by_sign(lambda text: TextBlob(text).sentiment.polarity)


def macro_f1(pairs, labels):
    total = 0.0
    for label in labels:
        right = sum(is_ == said == label for is_, said in pairs)
        either = sum(is_ == label for is_, _ in pairs) + sum(said == label for _, said in pairs)
        total += 2 * right / either if either else 0.0
    return total / len(labels)


def rows_of(path):
    lines = path.read_text(encoding="utf-8").split("\n")[1:]
    return [line.split("\t", 1) for line in lines if "\t" in line]


def is_chinese(rows):
    return sum("\u4e00" <= c <= "\u9fff" for _, text in rows[:200] for c in text) > 200


def main():
    folder, most = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    peers = {"zh": {"SnowNLP": snownlp(), "cnsenti": cnsenti()}, "en": {"VADER": vader(), "TextBlob": textblob()}}
    print("| set | rows | peer | macro-F1 | accuracy | posts/s |\n| --- | ---: | --- | ---: | ---: | ---: |")
    for path in sorted(folder.glob("*.test.tsv")):
        rows = rows_of(path)
        labels = [label for label in POLARITY if any(row[0] == label for row in rows)]
        if len(labels) < 2 or {label for label, _ in rows} - set(POLARITY):
            continue
        if most and len(rows) > most:
            rows = [rows[i * len(rows) // most] for i in range(most)]
        for name, read in peers["zh" if is_chinese(rows) else "en"].items():
            read("好", 2)
            began = time.process_time()
            pairs = [(label, read(text, len(labels))) for label, text in rows]
            took = time.process_time() - began
            right = sum(is_ == said for is_, said in pairs) / len(pairs)
            f1 = macro_f1(pairs, labels)
            set_name = path.name.removesuffix(".test.tsv")
            print(f"| {set_name} | {len(rows)} | {name} | {100 * f1:.1f} | {100 * right:.1f} | {len(rows) / took:.0f} |", flush=True)


main()

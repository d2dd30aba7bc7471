// Medians, quantiles and ratios.

/** The quantile `q`, from 0 to 1, by the nearest rank. */
export function quantile(list, q) {
  const sorted = list.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/** The median; that of an even number is the mean of the two in the middle. */
export function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1] + sorted[Math.floor(middle)]) / 2;
}

/** The ratios of two lists, round by round: their median, least and most. */
export function ratio(ours, theirs) {
  const ratios = ours.map((value, round) => value / theirs[round]);
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

/** The rounds of each subject, turned: a list of objects becomes an object of lists. */
export function columns(rows) {
  const names = Object.keys(rows[0]);
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name])]));
}

/** The order of a round: that of the list, or the other way round. */
export function inOrder(list, round) {
  return round % 2 ? list.toReversed() : list;
}

/** Calls `measure` for each of `subjects`, round after round, in alternating order. */
export async function interleave(rounds, subjects, measure) {
  const measured = Object.fromEntries(subjects.map((subject) => [subject, []]));
  for (let round = 0; round < rounds; round++) {
    for (const subject of inOrder(subjects, round)) {
      measured[subject].push(await measure(subject, round));
    }
  }
  return Object.fromEntries(subjects.map((subject) => [subject, columns(measured[subject])]));
}

/** The ratios of every figure of `subject` to that of `base`, where there is one. */
export function ratios(measured, subject, base) {
  const common = Object.keys(measured[subject]).filter((name) =>
    measured[base][name]?.every((value) => value > 0),
  );
  return Object.fromEntries(
    common.map((name) => [name, ratio(measured[subject][name], measured[base][name])]),
  );
}

/**
 * What was measured by names of lines.mjs, by transport and round trip, each with ratios to the peer.
 *
 * @param {{ [name: string]: { [figure: string]: number[] } }} measured
 */
export function grouped(measured) {
  const groups = {};
  for (const [name, figures] of Object.entries(measured)) {
    const [transport, roundTrip, subject] = name.split("/");
    groups[transport] ??= {};
    groups[transport][roundTrip] ??= { measured: {} };
    groups[transport][roundTrip].measured[subject] = figures;
  }
  for (const group of Object.values(groups).flatMap(Object.values)) {
    const ours = Object.keys(group.measured).filter((subject) => subject !== "peer");
    group.ratios = Object.fromEntries(
      ours.map((subject) => [subject, ratios(group.measured, subject, "peer")]),
    );
  }
  return groups;
}

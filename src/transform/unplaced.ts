/**
 * How many of as many new rows as there were training rows have a category without a place of its own: new ones, and those
 * of which training had too few rows. How often `counts` of rows come among the training rows' categories tells it, as one
 * of r rows is as often of r − 1 rows in another table: about (r + 1)·Nᵣ₊₁ rows are of the Nᵣ categories that had r (Good,
 * The Population Frequencies of Species, 1953). Counting the rows of those that were chosen for being rare would tell of
 * too few. The variance follows in the same way (for new ones Esty, 1983).
 *
 * The first `placed` of the counts, which descend, have a place.
 */
export function expectedUnplaced(counts: readonly number[], placed: number): { rows: number; variance: number } {
  const most = counts[placed] ?? 0; // rows of a category without a place
  const categoriesOf = (rows: number) => counts.filter((count) => count === rows).length;
  const rowsUpTo = (most: number) => counts.reduce((sum, count) => sum + (count <= most ? count : 0), 0);
  const others = counts.slice(placed).filter((count) => count === most).length;
  const share = most === 0 ? 1 : others / categoriesOf(most); // of those of so many rows some may have places
  return {
    rows: rowsUpTo(most) + share * (most + 1) * categoriesOf(most + 1),
    variance: rowsUpTo(most + 1) + (most + 1) * (most + 2) * categoriesOf(most + 2),
  };
}

import { addTimes, dot } from "./vectors.js";

/** A smooth convex function to be made small. */
export interface Objective {
  /** Its value at x; writes its gradient. */
  at(x: Float64Array, gradient: Float64Array): number;
  /** Solves M·d = g in g's place, M a fixed matrix that the function's curvature comes close to. */
  precondition(g: Float64Array): void;
}

/** A step and the change of the gradient that it made. */
interface Pair {
  readonly step: Float64Array;
  readonly change: Float64Array;
  /** 1 / step·change */
  readonly rho: number;
}

/** How many of the last steps tell the curvature. */
const MEMORY = 10;
/** A step must gain this share of what the slope promises (Armijo). */
const SUFFICIENT = 1e-4;

/**
 * Minimizes from x on, in its place, with up to so many evaluations, or until a step promises to gain less than
 * `enough`: L-BFGS with a preconditioner (Nocedal and Wright, Numerical Optimization, algorithm 7.4), halving steps
 * that gain too little. Whether it got there.
 */
export function minimize(objective: Objective, x: Float64Array, evaluations: number, enough: number): boolean {
  const pairs: Pair[] = [];
  let gradient = new Float64Array(x.length);
  let next = new Float64Array(x.length);
  const trial = new Float64Array(x.length);
  let value = objective.at(x, gradient);
  let length = 1;
  let direction = directionFrom(objective, pairs, gradient);
  for (let done = 1; done < evaluations; done++) {
    const slope = dot(gradient, direction);
    if (!(-slope / 2 > enough)) return slope <= 0; // of a quadratic, half the slope is the gain
    for (let i = 0; i < x.length; i++) trial[i] = x[i]! + length * direction[i]!;
    const reached = objective.at(trial, next);
    if (!(reached <= value + SUFFICIENT * length * slope)) {
      length /= 2;
      continue;
    }
    const step = trial.map((to, i) => to - x[i]!);
    const change = next.map((to, i) => to - gradient[i]!);
    const curvature = dot(step, change);
    if (curvature > 0) pairs.push({ step, change, rho: 1 / curvature });
    if (pairs.length > MEMORY) pairs.shift();
    x.set(trial);
    value = reached;
    [gradient, next] = [next, gradient];
    direction = directionFrom(objective, pairs, gradient);
    length = 1;
  }
  return false;
}

/** −H·g, H the inverse of the curvature as the pairs and the preconditioner tell it. */
function directionFrom({ precondition }: Objective, pairs: readonly Pair[], gradient: Float64Array): Float64Array {
  const d = gradient.map((g) => -g);
  const shares = pairs.map(() => 0);
  for (let p = pairs.length - 1; p >= 0; p--) {
    const { step, change, rho } = pairs[p]!;
    shares[p] = rho * dot(step, d);
    addTimes(d, -shares[p]!, change);
  }
  precondition(d);
  const last = pairs.at(-1);
  if (last) {
    const flat = last.change.slice();
    precondition(flat);
    const scale = 1 / (last.rho * dot(last.change, flat));
    for (let i = 0; i < d.length; i++) d[i]! *= scale;
  }
  for (const [p, { step, change, rho }] of pairs.entries()) addTimes(d, shares[p]! - rho * dot(change, d), step);
  return d;
}

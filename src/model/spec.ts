import * as z from "zod";
import { choiceOf } from "../family.js";
import { activations } from "./activations.js";
import { initializerChoice } from "./initializers.js";
import { inputSpec } from "./inputs.js";
import { lossChoice } from "./losses.js";
import { MOST_NETWORKS } from "./options.js";

/** What a network is, weights aside: inputs → hidden layers, each with the activation → outputs → loss. */
export const networkSpec = z.strictObject({
  inputs: z.int().positive(),
  /** how the columns of X become these inputs, where they are not they */
  input: inputSpec.optional(),
  hidden: z.array(z.int().positive()),
  outputs: z.int().positive(),
  /** so many networks share the weights (tabm.ts); a single one, where nothing is said */
  tabm: z.int().min(2).max(MOST_NETWORKS).optional(),
  activation: choiceOf(activations),
  /** the activation has a learned strength for each unit */
  parametric: z.boolean().default(false),
  /** a learned scale for each input comes first */
  scaling: z.boolean().default(false),
  /** of the layers' weights: as they are, or times 1/√inputs (Jacot et al., "Neural Tangent Kernel", 2018) */
  parametrization: z.enum(["standard", "neuralTangent"]).default("standard"),
  /** share of each hidden layer's outputs that is left out while it learns */
  dropout: z.number().min(0).lt(1).default(0),
  initializer: initializerChoice,
  loss: lossChoice,
});
export type NetworkSpec = z.output<typeof networkSpec>;

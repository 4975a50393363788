/** What a plain network does without. */
export const plainNetwork = { parametric: false, scaling: false, parametrization: "standard", dropout: 0 } as const;

/** Settings that change nothing about what is learned. */
const WITHOUT_EFFECT = ["preset", "output", "training.checkpoint"];

/** Settings that may be the path of a table. Its rows count, and are compared themselves, not where they are. */
const TABLES = ["data.train", "data.validation"];

/** The settings of a config that change what is learned, by their paths: "training.optimizer.learningRate" → "0.05". */
export function effectiveSettings(config: object): Map<string, string> {
  const settings = new Map<string, string>();
  const add = (value: unknown, path: string) => {
    if (WITHOUT_EFFECT.includes(path)) return;
    if (typeof value === "string" && TABLES.includes(path)) settings.set(path, "a table");
    else if (typeof value !== "object" || value === null || Array.isArray(value))
      settings.set(path, JSON.stringify(value));
    else for (const [key, child] of Object.entries(value)) add(child, path === "" ? key : `${path}.${key}`);
  };
  add(config, "");
  return settings;
}
